import { inputSetting, nameOfInput, worded } from '../../core/wording.ts';

/** An input after Chinese: `输入 routes`, or ` --routes`. */
export function theInput(name: string): string {
  return worded({ step: '输入 ', command: ' ' }) + nameOfInput(name);
}

/** An input after punctuation: `输入 routes`, or `--routes`. */
export function inputLabel(name: string): string {
  return worded({ step: '输入 ', command: '' }) + nameOfInput(name);
}

/** An input with its value, after punctuation: `输入 pods 为 none`, or `--pods none`. */
export function inputWith(name: string, value: string): string {
  return worded({ step: `输入 ${name} 为 ${value}`, command: inputSetting(name, value) });
}

/** Within a sentence: to do the same once more. */
export function rerun(): string {
  return worded({ step: '重新运行本步骤', command: '重新运行此命令' });
}
