/** The languages of what people read: summary, report page, comment and commit status. */
export const LANGUAGES = ['en', 'zh'] as const;

export type Language = (typeof LANGUAGES)[number];
