package server

// Bytes are bytes as a part or as a result: they reach the caller as bytes, an
// ArrayBuffer or a Uint8Array in a page, and not as base64 in JSON. In plain
// mode they can't be sent.
type Bytes []byte
