// Package topic keeps the histories of topics and hands their messages to those
// who have subscribed.
//
// A Broker takes messages. It puts those of a topic into a Log, which numbers
// and encodes each of them once for all subscribers. A Feed is what one
// connection has subscribed to: when the connection is ready to write, it takes
// from the logs what has come since. So nothing waits for a subscriber and
// nothing is kept for one: whoever is slow reads later, and whoever is so slow
// that a message has left the history is told exactly which ones are missing.
package topic

// The files, in layers: each uses only those below it.
//
//	memory.go   the Broker of one process, and what it forgets
//	feed.go     what one connection has subscribed to
//	broker.go   what a Broker is
//	log.go      a topic's messages, and who reads them
//	history.go  the messages alone, and their bounds
//	config.go   what may be configured
