/** `1 write`, `2 writes`, `1,234 samples` */

export function count(things: number | readonly unknown[], one: string, several = `${one}s`): string {
  const number = typeof things === 'number' ? things : things.length;
  return `${number.toLocaleString('en')} ${number === 1 ? one : several}`;
}
