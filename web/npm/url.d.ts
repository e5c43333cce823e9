/** What a bundler makes of a file that it copies: its URL. */
declare const url: string;
export default url;
