package topic

import (
	"context"
	"errors"
)

// A Broker takes messages and keeps the histories of topics. Memory is that of
// one process; one that many share lets a message that is published on one
// server reach the subscribers of all.
//
// All methods may be called from any goroutine.
type Broker interface {
	// Publish adds a message to a topic, and returns its position. When it has
	// returned without an error, the message reaches everybody who subscribes
	// to the topic then, or asks for its position later and is not too late.
	Publish(ctx context.Context, topic string, m Message) (Position, error)

	// Open returns the log of a topic, with all that the broker keeps of its
	// history. Until Release it grows with the topic: in the order of the
	// offsets, and without one that is missing or stands twice. A broker with a
	// history that is elsewhere makes the log with NewLog, follows the topic
	// once for all that have opened it, and uses Log.Add and Log.Begin.
	Open(ctx context.Context, topic string) (*Log, error)

	// Release tells that a log which was opened is needed no more. It is called
	// once for each Open.
	Release(l *Log)
}

// ErrFull is the error of a Broker that can hold no further topic.
var ErrFull = errors.New("there are too many topics")
