/** The version of the action, as package.json has it: a run tells by which it was made. */
export const VERSION = '0.1.0';
