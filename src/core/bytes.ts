export const MIB = 1024 * 1024;

/** `2 MiB`, `64 KiB` */
export function formatBytes(bytes: number): string {
  return bytes >= MIB ? `${String(bytes / MIB)} MiB` : `${String(bytes / 1024)} KiB`;
}
