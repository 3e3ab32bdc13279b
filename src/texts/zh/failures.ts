import { worded } from '../../core/wording.ts';
import { formatCount } from '../../core/plural.ts';
import type { FailureTexts } from '../catalogue/verdicts.ts';
import { failureInWords } from '../failures.ts';
import { theInput } from './inputs.ts';

const words: Pick<FailureTexts, 'known' | 'status' | 'statusWithoutVersion'> = {
  known: {
    'no response in time': '规定时间内没有响应',
    'connection refused': '连接被拒绝',
    'connection cut': '连接被切断',
    'no connection in time': '规定时间内没有建立连接',
    'response cut off': '响应中途断开',
    'no version in the response': '响应中没有版本',
  },
  status: (status) => `状态码 ${status}`,
  statusWithoutVersion: (status) => `状态码 ${status}，没有版本`,
};

export const failures: FailureTexts = {
  ...words,
  kinds: (kinds) =>
    [...kinds].map(([kind, count]) => `${formatCount(count)} × ${failureInWords(kind, words)}`).join('、'),
  portForward: (cluster) =>
    `如果${worded({ step: '运行器', command: '本机' })}访问不到该地址，请把${theInput('ingress')} 设为 ${cluster}=port-forward：经 API Server 直连网关的 Pod，需要 pods/portforward 的 get 和 create 权限。`,
};
