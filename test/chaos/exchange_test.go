package chaos_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sockjax/sockjax/server"
)

// flow is what the data of a call says of the parts of its stream, or its body.
type flow struct {
	N     int
	Bytes bool
	Size  int // bytes of each, apart from the number in JSON
	Pause int // milliseconds, before every tenth
}

func (f *flow) amount() amount {
	switch {
	case f == nil:
		return amount{}
	case f.Bytes:
		return amount{Bytes: f.N * f.Size}
	}
	return amount{Parts: f.N}
}

// part is one of JSON, as in testdata/exchanges.js.
type part struct {
	ID  int64  `json:"id"`
	I   int    `json:"i"`
	Pad string `json:"pad"`
}

// exchange reads the body of a call and streams its reply, both at once.
func exchange(ctx context.Context, r *server.Request, in order) (t *transfer, err error) {
	t = &transfer{want: in.Body.amount()}
	var reading sync.WaitGroup
	var unread error
	if in.Body != nil {
		reading.Go(func() { unread = t.read(ctx, r, in) })
	}
	if in.Stream != nil {
		err = t.send(ctx, r, in)
	}
	reading.Wait()
	if err == nil {
		err = unread
	}
	return t, err
}

func (t *transfer) send(ctx context.Context, r *server.Request, in order) error {
	for i := range in.Stream.N {
		if err := pause(ctx, in.Stream, i); err != nil {
			return err
		}
		var next any = part{in.ID, i, strings.Repeat("s", in.Stream.Size)}
		one := amount{Parts: 1}
		if in.Stream.Bytes {
			data := make(server.Bytes, in.Stream.Size)
			for j := range data {
				data[j] = byteAt(in.ID, t.sent.Bytes+j)
			}
			next, one = data, amount{Bytes: len(data)}
		}
		if err := r.Send(next); err != nil {
			if in.Stream.Bytes {
				t.behind = one // a part of JSON goes as a whole, or not
			}
			return err
		}
		t.sent.add(one)
	}
	return nil
}

func (t *transfer) read(ctx context.Context, r *server.Request, in order) error {
	enough := func() bool { return in.Enough > 0 && t.got.Parts+t.got.Bytes >= in.Enough }
	if in.Body.Bytes {
		buffer := make([]byte, max(1, in.Body.Size))
		for i := 0; !enough(); i++ {
			if err := pause(ctx, in.Body, i); err != nil {
				return err
			}
			n, err := r.Body.Read(buffer)
			t.got.takeBytes(in.ID, buffer[:n])
			if err == io.EOF {
				t.whole = true
				return nil
			} else if err != nil {
				return err
			}
		}
		return nil
	}
	for text, err := range r.Parts() {
		if err != nil {
			return err
		}
		var p part
		if err := json.Unmarshal(text, &p); err != nil || p.ID != in.ID || len(p.Pad) != in.Body.Size {
			t.got.Wrong++
		}
		t.got.take(p.I)
		if enough() {
			return nil
		}
		if err := pause(ctx, in.Body, t.got.Parts); err != nil {
			return err
		}
	}
	t.whole = true
	return nil
}

// pause has a handler be slow now and then.
func pause(ctx context.Context, f *flow, i int) error {
	if f.Pause == 0 || i%10 != 9 {
		return nil
	}
	select {
	case <-time.After(time.Duration(f.Pause) * time.Millisecond):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// mirror answers bytes with the same bytes: eight of the call's id, and those of
// byteAt.
func (b *incrementers) mirror(r *server.Request) (any, error) {
	if len(r.Bytes) < 8 {
		return nil, &server.Error{Code: "bad_request", Message: "there is no id"}
	}
	id := int64(binary.BigEndian.Uint64(r.Bytes))
	b.ledger.ran(id, r.Session)
	var got received
	if got.takeBytes(id, r.Bytes[8:]); got.Wrong > 0 {
		return nil, &server.Error{Code: "bad_request", Message: "the bytes are wrong"}
	}
	return server.Bytes(r.Bytes), nil
}
