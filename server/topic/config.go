package topic

import (
	"fmt"
	"time"

	"github.com/sockjax/sockjax/protocol"
)

// A Position is where a subscriber stands in a topic: behind the message of that
// Offset, of the history that Epoch names. Messages count from 1.
type Position = protocol.Position

// A Message is what is published.
type Message struct {
	Data []byte // JSON that protocol.Valid takes; a Broker that needs it after Publish has returned copies it
	Key  string // see Config.Conflate; empty: none
}

// Defaults of Config.
const (
	DefaultCount = 1000
	DefaultBytes = 1 << 20
	DefaultAge   = 10 * time.Minute
)

// Config says what is kept of a topic: for those who come back after a while,
// and for those who are slow. A message leaves when one of the bounds is
// exceeded, the oldest first. The newest one stays until it is too old. The zero
// value of each field means its default.
type Config struct {
	// Count is how many messages are kept. Default: DefaultCount, 1000.
	Count int

	// Bytes bounds their size, with about 100 bytes for what each takes beside
	// its data. Default: DefaultBytes, 1 MiB.
	Bytes int

	// Age is how long a message is kept. Default: DefaultAge, 10 min.
	Age time.Duration

	// Conflate lets a message take the place of the one before it with the same
	// Key, as prices do of which only the last counts. A subscriber that keeps
	// up still gets each of them; one that is slow, or comes back, gets the
	// newest of each key, and no gap for the others. Default: each message
	// counts.
	Conflate bool
}

// withDefaults returns a copy with all fields set. It panics on values that
// can't work: they are a mistake of the program's.
func (c Config) withDefaults() Config {
	setDefault("Config.Count", &c.Count, DefaultCount, 1)
	setDefault("Config.Bytes", &c.Bytes, DefaultBytes, 1)
	setDefault("Config.Age", &c.Age, DefaultAge, time.Millisecond)
	return c
}

func setDefault[T int | time.Duration](name string, field *T, value, least T) {
	if *field == 0 {
		*field = value
	}
	if *field < least {
		panic(fmt.Sprintf("sockjax: topic.%s is %v and must be at least %v", name, *field, least))
	}
}
