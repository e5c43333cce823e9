/** Milliseconds. setTimeout takes no longer delay: it would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Milliseconds between attempts: doubled up to the longest. */
const SHORTEST_DELAY = 500;
const LONGEST_DELAY = 20_000;

/** What lived for so many milliseconds was sound: if it ends, the next is started at once. */
export const GOOD_LIFE = 5_000;

/** How often a file is tried if the network or the server fails. */
export const TRIES = 4;

/** The wait before an attempt: the first waits for none. */
export function delay(attempt) {
  return Math.min(LONGEST_DELAY, SHORTEST_DELAY * 2 ** (attempt - 1));
}
