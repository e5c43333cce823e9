package protocol

import (
	"bytes"
	"errors"
	"math"
)

// maxMillis is the longest time in milliseconds that a time.Duration holds, 292
// years.
const maxMillis = math.MaxInt64 / 1_000_000

// Hello decodes the body of a HelloKind.
func (m *Message) Hello() (h Hello, err error) {
	d := newDecoder(m.Body)
	d.lenient = false
	for d.object(); d.member(); {
		switch string(d.name) {
		case "session":
			d.string(&h.Session)
		case "resume":
			d.bool(&h.Resume)
		case "ack":
			d.count(&h.Ack)
		case "token":
			d.string(&h.Token)
		default:
			d.value()
		}
	}
	if err := d.end("a hello"); err != nil {
		return Hello{}, err
	}
	return h, nil
}

// Welcome decodes the body of a WelcomeKind.
func (m *Message) Welcome() (w Welcome, err error) {
	d := newDecoder(m.Body)
	for d.object(); d.member(); {
		switch string(d.name) {
		case "session":
			d.string(&w.Session)
		case "resumed":
			d.bool(&w.Resumed)
		case "acked":
			d.count(&w.Acked)
		case "heartbeat":
			d.millis(&w.Heartbeat)
		case "expires":
			d.millis(&w.Expires)
		case "jitter":
			d.millis(&w.Jitter)
		case "limits":
			d.limits(&w.Limits)
		default:
			d.value()
		}
	}
	if err := d.end("a welcome"); err != nil {
		return Welcome{}, err
	}
	return w, nil
}

func (d *decoder) limits(l *Limits) {
	if d.null() {
		return
	}
	for d.object(); d.member(); {
		switch string(d.name) {
		case "frame":
			d.size(&l.Frame)
		case "requests":
			d.size(&l.Requests)
		case "message":
			d.size(&l.Message)
		case "window":
			d.size(&l.Window)
		default:
			d.value()
		}
	}
	d.more = true // in the object around it
}

// Error decodes the body of an ErrorKind or a RefusedKind. Its Data is a copy.
func (m *Message) Error() (e Error, err error) {
	d := newDecoder(m.Body)
	executed := true
	for d.object(); d.member(); {
		switch string(d.name) {
		case "code":
			d.string(&e.Code)
		case "message":
			d.string(&e.Message)
		case "data":
			v := d.value()
			e.Data = d.text[v.from:v.to]
		case "after":
			d.millis(&e.After)
		case "executed":
			d.bool(&executed)
		default:
			d.value()
		}
	}
	if err := d.end("an error"); err != nil {
		return Error{}, err
	}
	e.Data, e.NotRun = bytes.Clone(e.Data), !executed
	return e, nil
}

// Token decodes the body of a TokenKind that a client has sent.
func (m *Message) Token() (token string, err error) {
	d := newDecoder(m.Body)
	if d.peek() != '"' { // null too
		d.wrong("a string")
	}
	d.string(&token)
	if err := d.end("a token"); err != nil {
		return "", err
	}
	return token, nil
}

// Authorized decodes the body of a TokenKind that a server has sent.
func (m *Message) Authorized() (a Authorized, err error) {
	d := newDecoder(m.Body)
	for d.object(); d.member(); {
		switch string(d.name) {
		case "expires":
			d.millis(&a.Expires)
		default:
			d.value()
		}
	}
	if err := d.end("the answer to a token"); err != nil {
		return Authorized{}, err
	}
	return a, nil
}

// decoder reads a body into Go values. As with encoding/json a member that is
// null counts as missing, except for the data of an error, and the last of two
// members counts; unlike there, names have case, and integers that are out of
// range are cut to it where that does no harm.
type decoder struct{ scanner }

// It is lenient, unless told otherwise, since most bodies are read by clients:
// see NewLenientReader.
func newDecoder(body []byte) decoder { return decoder{scanner{text: body, lenient: true}} }

// end says what the decoder could not make sense of.
func (d *decoder) end(what string) error {
	if d.err == nil && d.at < len(d.text) {
		d.err = errors.New("something follows it")
	}
	if d.err == nil {
		return nil
	}
	return errors.New("failed to decode " + what + ": " + d.err.Error())
}

// wrong says of which type the present member, or else the body, must be.
func (d *decoder) wrong(must string) {
	what := "it"
	if d.name != nil {
		what = `"` + string(d.name) + `"`
	}
	d.fail(errors.New(what + " must be " + must))
}

// object goes into an object, in front of its first member.
func (d *decoder) object() {
	if !d.take('{') {
		d.wrong("an object")
	}
	d.more = false
}

// null takes a null. It also returns true once something is wrong.
func (d *decoder) null() bool {
	if d.err == nil && d.peek() == 'n' {
		d.word(null)
		return true
	}
	return d.err != nil
}

func (d *decoder) string(to *string) {
	switch {
	case d.null():
	case d.peek() != '"':
		d.wrong("a string")
	default:
		if v := d.value(); v.set {
			*to = unquote(d.text[v.from+1 : v.to-1])
		}
	}
}

func (d *decoder) bool(to *bool) {
	switch {
	case d.null():
	case d.peek() == 't':
		d.word("true")
		*to = true
	case d.peek() == 'f':
		d.word("false")
		*to = false
	default:
		d.wrong("true or false")
	}
}

// count reads a number of outcomes. One that is out of range can't be cut: it
// would name other outcomes.
func (d *decoder) count(to *uint64) {
	if n, ok := d.integer(); ok {
		if n < 0 || n > int64(MaxKey) {
			d.wrong("an integer from 0 to 2^53-1")
			return
		}
		*to = uint64(n)
	}
}

func (d *decoder) millis(to *int64) {
	if n, ok := d.integer(); ok {
		*to = min(max(n, 0), maxMillis)
	}
}

func (d *decoder) size(to *int) {
	if n, ok := d.integer(); ok {
		*to = int(min(max(n, 0), math.MaxInt))
	}
}

// integer reads an integer and cuts it to an int64. It returns false for null
// and for anything else, which is wrong.
func (d *decoder) integer() (n int64, ok bool) {
	if d.null() {
		return 0, false
	}
	if c := d.peek(); c != '-' && (c < '0' || c > '9') {
		d.wrong("an integer")
		return 0, false
	}
	v := d.value()
	if d.err != nil {
		return 0, false
	}
	digits, negative := bytes.CutPrefix(d.text[v.from:v.to], []byte{'-'})
	for _, c := range digits {
		digit := int64(c - '0')
		switch {
		case c < '0' || c > '9':
			if n, ok = integral(d.text[v.from:v.to]); !ok || !d.lenient {
				d.wrong("an integer")
				return 0, false
			}
			return n, true
		case n > (math.MaxInt64-digit)/10:
			n = math.MaxInt64
		default:
			n = n*10 + digit
		}
	}
	if negative {
		n = -n
	}
	return n, true
}
