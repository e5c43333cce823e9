/** Milliseconds. setTimeout takes no longer delay: it would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;
