// Code generated from internal/abi by "go generate ./internal/abi"; DO NOT EDIT.

/** See Version in internal/abi. */
export const ABI = 1;
export const ABI_EXPORT = "abi";

/** PROTOCOL.md: the subprotocol, and the frames that are no JSON. */
export const SUBPROTOCOL = "sockjax.1";
export const PING = "ping";
export const PONG = "pong";

/** What binds a client before the welcome: bytes of a frame, and requests in flight. */
export const FIRST_FRAME = 65536;
export const FIRST_REQUESTS = 64;

/** Milliseconds for a connection to open, and then for its welcome to come. */
export const HANDSHAKE = 10000;

/** Close codes. */
export const CLOSE_UNSUPPORTED = 1003;
export const CLOSE_ABNORMAL = 1006;
export const CLOSE_UNAUTHORIZED = 4401;
export const CLOSE_FORBIDDEN = 4403;
export const CLOSE_VERSION = 4406;
export const CLOSE_HANDSHAKE = 4408;

/** Flags of a call that is submitted. */
export const FLAG_IDEMPOTENT = 1;
export const FLAG_SENT = 2;
export const FLAG_OPEN = 4;

/** What may be sent: the exports flush takes it, and the import frame returns it. */
export const SEND_ALL = 0;
export const SEND_NOTHING = 1;
export const SEND_NO_PARTS = 2;

/** What stands in place of a slot or a fate: no call waits; wasm has died under the call. */
export const NONE = -1;
export const DEAD = -2;

/** How a call fails: see ErrorCode and Fate in sockjax.d.ts. The export abort returns a fate by its place in FATES. */
export const CODE_TIMEOUT = "timeout";
export const CODE_ABORTED = "aborted";
export const CODE_CLOSED = "closed";
export const CODE_OVERLOADED = "overloaded";
export const CODE_LOST = "lost";
export const CODE_REJECTED = "rejected";
export const CODE_INVALID = "invalid";
export const CODE_CRASHED = "crashed";
export const CODE_STORAGE = "storage";
export const FATE_UNSENT = "unsent";
export const FATE_UNKNOWN = "unknown";
export const FATE_EXECUTED = "executed";
export const FATES = [FATE_UNSENT, FATE_UNKNOWN, FATE_EXECUTED];

/** States of a client, and why they change: see State and Cause in sockjax.d.ts. */
export const STATE_CONNECTING = "connecting";
export const STATE_OPEN = "open";
export const STATE_WAITING = "waiting";
export const STATE_CLOSED = "closed";
export const CAUSE_CLOSE = "close";
export const CAUSE_REFUSED = "refused";
export const CAUSE_GAVE_UP = "gave-up";
export const CAUSE_PAUSED = "paused";
export const CAUSE_NETWORK = "network";
export const CAUSE_SERVER = "server";
export const CAUSE_TIMEOUT = "timeout";
export const CAUSE_FUNCTION = "function";
export const CAUSE_CRASHED = "crashed";
export const CAUSE_FAILED_TO_LOAD = "failed-to-load";

/** An item of a frame, in words of 4 bytes: its size, and where its parts stand. The key takes the first two words; of the last the first byte is 1 for a cancel, and the second for a request that goes in pieces. */
export const ITEM_WORDS = 4;
export const ITEM_SLOT = 2;
export const ITEM_CANCEL = 3;

/** What goes beside requests, laid out like an item: see Part in internal/engine/batch.go. The key and the number before take two words each; of the last the first byte is the kind. */
export const PART_WORDS = 8;
export const PART_FROM = 2;
export const PART_SLOT = 4;
export const PART_COUNT = 5;
export const PART_WINDOW = 6;
export const PART_KIND = 7;
export const PART_DATA = 0;
export const PART_END = 1;
export const PART_TAKEN = 2;
export const PART_PIECE = 3;

/** Bytes of the memory through which names and structures of numbers cross. */
export const SCRATCH = 1024;

/** The numbers of each structure, in their order. */
export const OPTIONS = ["plain","token","heartbeatAfter","heartbeatTimeout","reconnectMin","reconnectMax","reconnectAttempts","queueCalls","queueBytes","resume","heard","outcomes","failed","code"];
export const WELCOME = ["ours","resumed","acked","heartbeat","expires","jitter","frame","requests","message","window"];
export const STATS = ["pending","queued","queuedBytes","inDoubt","unacked","funcs"];
