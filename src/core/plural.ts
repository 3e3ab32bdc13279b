/** A count as people read it: `1,234`. */
export function formatCount(number: number): string {
  return number.toLocaleString('en');
}

/** `1 write`, `2 writes`, `1,234 samples` */
export function count(things: number | readonly unknown[], one: string, several = `${one}s`): string {
  const number = typeof things === 'number' ? things : things.length;
  return `${formatCount(number)} ${number === 1 ? one : several}`;
}
