export const PARTS: Readonly<Record<string, () => Promise<string>>> = {};
