import type { Message } from '../texts/message.ts';

/** Why weights do not hold for users, or no longer would if one more thing failed, as the objects of the clusters show it. */
export interface RouteDefect {
  readonly title: Message;
  readonly detail: Message;
}
