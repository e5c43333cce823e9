package protocol_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockjax/sockjax/protocol"
)

func testAppend(t *testing.T, v *vector) {
	args, want := v.args(t, "call"), v.text(t, "bytes")
	const before = "[..."
	got, panicked := call(t, []byte(before), args)
	if panicked != nil {
		if want != "panic" {
			t.Errorf("panic: %v", panicked)
		}
		return
	}
	if string(got) != before+want {
		t.Errorf("\ngot  %s\nwant %s", got, before+want)
	}
	if args[0] == "Request" {
		data := len(args[2])
		if args[2] == "nil" {
			data = 0
		}
		if size := protocol.RequestSize(key(t, args[1]), data); size != len(want) {
			t.Errorf("RequestSize says %d, but it is %d", size, len(want))
		}
	}

	r := protocol.NewReader([]byte("[" + want + "]"))
	messages := 1
	if args[0] == "Series" {
		messages = len(args) - 2
	}
	for range messages {
		if !r.Next() || r.Message().Kind == protocol.Unknown {
			t.Errorf("a message does not read back: %v", r.Err())
		}
	}
	if r.Next() || r.Err() != nil {
		t.Errorf("more is read back: %v", r.Err())
	}
}

// call appends what a line of append.txt says to dst.
func call(t *testing.T, dst []byte, args []string) (got []byte, panicked any) {
	defer func() { panicked = recover() }()
	switch name := args[0]; name {
	case "Request":
		if args[2] == "nil" {
			return protocol.AppendRequest(dst, key(t, args[1]), nil), nil
		}
		return protocol.AppendRequest(dst, key(t, args[1]), []byte(args[2])), nil
	case "Series": // with AppendNext for what is behind the first data, and its end
		dst = protocol.AppendSeries(dst, key(t, args[1]), []byte(args[2]))
		for _, data := range args[3:] {
			dst = protocol.AppendNext(dst, []byte(data))
		}
		return append(dst, ']'), nil
	case "Cancel":
		return protocol.AppendCancel(dst, key(t, args[1])), nil
	case "Error":
		e := protocol.Error{Code: args[2], Message: args[3]}
		if len(args) > 4 {
			e.Data = []byte(args[4])
		}
		return protocol.AppendError(dst, key(t, args[1]), e), nil
	case "ErrorNotRun":
		return protocol.AppendError(dst, key(t, args[1]), protocol.Error{Code: args[2], Message: args[3], NotRun: true}), nil
	case "RefusedNotRun":
		return protocol.AppendRefused(dst, key(t, args[1]), protocol.Error{Code: args[2], Message: args[3], NotRun: true}), nil
	case "Refused":
		e := protocol.Error{Code: args[2], Message: args[3]}
		if len(args) > 4 {
			e.After = atoi(t, args[4])
		}
		return protocol.AppendRefused(dst, key(t, args[1]), e), nil
	case "Forgotten":
		return protocol.AppendForgotten(dst, key(t, args[1])), nil
	case "Ack":
		return protocol.AppendAck(dst, uint64(atoi(t, args[1]))), nil
	case "Token":
		return protocol.AppendToken(dst, args[1]), nil
	case "Authorized":
		return protocol.AppendAuthorized(dst, protocol.Authorized{Expires: atoi(t, args[1])}), nil
	case "Hello":
		return protocol.AppendHello(dst, protocol.Hello{
			Session: args[1], Resume: args[2] == "true", Ack: uint64(atoi(t, args[3])), Token: args[4],
		}), nil
	case "Welcome":
		return protocol.AppendWelcome(dst, protocol.Welcome{
			Session: args[1], Resumed: args[2] == "true", Acked: uint64(atoi(t, args[3])),
			Heartbeat: atoi(t, args[4]), Expires: atoi(t, args[5]), Jitter: atoi(t, args[6]),
			Limits: protocol.Limits{Frame: int(atoi(t, args[7])), Requests: int(atoi(t, args[8]))},
		}), nil
	default:
		t.Errorf("there is no Append%s", name)
		return nil, nil
	}
}

func key(t *testing.T, text string) protocol.Key {
	return protocol.Key(atoi(t, text))
}

func TestRequestSize(t *testing.T) {
	for shift := range 54 {
		for _, near := range []int64{-1, 0, 1} {
			k := protocol.Key(max(1, int64(1)<<shift+near))
			for _, data := range []string{"", "1", `{"a":1}`} {
				got := len(protocol.AppendRequest(nil, k, []byte(data)))
				if want := protocol.RequestSize(k, len(data)); got != want {
					t.Errorf("key %d, data %q: %d bytes, RequestSize says %d", k, data, got, want)
				}
			}
		}
	}
	for k := protocol.Key(1); k <= protocol.MaxKey; k *= 10 {
		for _, k := range []protocol.Key{k, k*10 - 1} {
			if got, want := protocol.RequestSize(k, 0), len(strconv.FormatUint(uint64(k), 10))+20; got != want {
				t.Errorf("RequestSize(%d, 0) is %d, want %d", k, got, want)
			}
		}
	}
}

func TestJoin(t *testing.T) {
	var buf []byte
	for key := range protocol.Key(3) {
		buf = protocol.AppendCancel(protocol.Join(buf), key+1)
	}
	if got, want := string(buf)+"]", `[{"cancel":1},{"cancel":2},{"cancel":3}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func testClose(t *testing.T, v *vector) {
	fatal := v.one(t, "fatal") == "yes"
	for _, field := range strings.Fields(v.one(t, "codes")) {
		code := protocol.CloseCode(atoi(t, field))
		if code.Fatal() != fatal {
			t.Errorf("Fatal of %d is %t", code, !fatal)
		}
		if named := closeCodes(t)[code] != ""; named == (v.name == "unknown") {
			t.Errorf("%d is in the wrong case", code)
		}
	}
}

// TestFatal counts: no code outside close.txt may be fatal.
func TestFatal(t *testing.T) {
	var got []string
	for code := range protocol.CloseCode(1 << 16) {
		if code.Fatal() {
			got = append(got, fmt.Sprint(int(code)))
		}
	}
	want := readVectors(t, "close.txt")[0].one(t, "codes")
	if strings.Join(got, " ") != want {
		t.Errorf("fatal are %v, want %s", got, want)
	}
}

func testReason(t *testing.T, v *vector) {
	text, want := v.text(t, "text"), v.text(t, "reason")
	got := protocol.Reason(text)
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(got) > 123 || !utf8.ValidString(got) {
		t.Errorf("%q does not fit a close frame", got)
	}
}
