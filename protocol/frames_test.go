package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockjax/sockjax/protocol"
)

var kinds = map[protocol.Kind]string{
	protocol.Unknown:       "unknown",
	protocol.HelloKind:     "hello",
	protocol.WelcomeKind:   "welcome",
	protocol.TokenKind:     "token",
	protocol.AckKind:       "ack",
	protocol.CancelKind:    "cancel",
	protocol.ErrorKind:     "error",
	protocol.RefusedKind:   "refused",
	protocol.ForgottenKind: "forgotten",
	protocol.OnKind:        "on",
	protocol.OffKind:       "off",
	protocol.TopicKind:     "topic",
	protocol.GotKind:       "got",
	protocol.TakenKind:     "taken",
	protocol.PartsKind:     "parts",
	protocol.ChunkKind:     "chunk",
	protocol.EndKind:       "end",
	protocol.DataKind - 1:  "bytes", // which no message has
	protocol.DataKind:      "data",
}

// show writes a message as frames.txt does.
func show(m *protocol.Message) string {
	text := kinds[m.Kind]
	if m.Key != 0 {
		text += fmt.Sprintf(" key=%d", m.Key)
	}
	if m.Series {
		text += " series"
	}
	if m.Ack != 0 {
		text += fmt.Sprintf(" ack=%d", m.Ack)
	}
	if m.Bytes {
		text += " bytes"
	}
	if m.Open {
		text += " open"
	}
	if m.Ask {
		text += " ask"
	}
	for _, n := range []struct {
		name  string
		value uint64
	}{{"text", uint64(m.Text)}, {"window", uint64(m.Window)}, {"count", m.Count}} {
		if n.value != 0 {
			text += fmt.Sprintf(" %s=%d", n.name, n.value)
		}
	}
	if m.Depth != 0 {
		text += fmt.Sprintf(" depth=%d", m.Depth)
	}
	if m.Body != nil {
		text += " body=" + string(m.Body)
	}
	return text
}

// read reads a frame to its end and checks that the end stays one.
func read(t testing.TB, frame []byte) (messages []string, err error) {
	t.Helper()
	return readAll(t, protocol.NewReader(frame))
}

func readAll(t testing.TB, r protocol.Reader) (messages []string, err error) {
	t.Helper()
	for r.Next() {
		messages = append(messages, show(r.Message()))
	}
	err = r.Err()
	for range 2 {
		if r.Next() || r.Err() != err {
			t.Errorf("Next goes on behind the end: %v, then %v", err, r.Err())
		}
	}
	return messages, err
}

// frameErrors are all of the reader's errors; frames.txt has each at least
// once.
var frameErrors = map[string]bool{
	"the frame is not UTF-8":                      false,
	"a frame must be a JSON array of messages":    false,
	"nothing may follow the array":                false,
	"',' or ']' after a message":                  false,
	"a message must be a JSON object or a series": false,
	"',' and data after the key of a series":      false,
	"',' or ']' after the data of a series":       false,
	"',' or '}' after a member":                   false,
	"':' after a member's name":                   false,
	"',' or a closing bracket after a value":      false,
	"expected a value":                            false,
	"expected a string":                           false,
	"expected true":                               false,
	"expected false":                              false,
	"expected null":                               false,
	"expected a digit after '.'":                  false,
	"expected a digit in the exponent":            false,
	"a string without an end":                     false,
	"an unknown escape in a string":               false,
	"a control character in a string":             false,
}

func testFrame(t *testing.T, v *vector) {
	frame := []byte(v.text(t, "frame"))
	var want []string
	for _, line := range v.all("yields") {
		head, body, ok := strings.Cut(line, "body=")
		if ok {
			body = "body=" + unquote(t, body)
		}
		want = append(want, head+body)
	}
	var wantErr string
	if lines := v.all("error"); len(lines) == 1 {
		wantErr = lines[0]
	}

	testLenient(t, frame, want, v.all("lenient"), wantErr)
	before := bytes.Clone(frame)
	got, err := read(t, frame)
	if !bytes.Equal(frame, before) {
		t.Error("the reader writes into the frame")
	}
	if !equal(got, want) {
		t.Errorf("messages:\ngot  %s\nwant %s", list(got), list(want))
	}
	if wantErr == "" {
		if err != nil {
			t.Fatal(err)
		}
		if len(frame) < 4000 {
			testBroken(t, frame, want)
		}
		return
	}
	if err == nil {
		t.Fatalf("no error; want %s", wantErr)
	}
	at, class, _ := strings.Cut(wantErr, " ")
	text, ok := strings.CutPrefix(err.Error(), "failed to read a frame at byte "+at+": "+class)
	if _, known := frameErrors[class]; !ok || !known || text != "" && !strings.HasPrefix(text, ", ") {
		t.Errorf("error:\ngot  %v\nwant %s", err, wantErr)
	}
	if errors.Is(err, protocol.ErrNotUTF8) != (class == protocol.ErrNotUTF8.Error()) {
		t.Errorf("errors.Is(%v, ErrNotUTF8) is wrong", err)
	}
}

// testLenient reads the frame as a client does.
func testLenient(t *testing.T, frame []byte, strict, lenient []string, wantErr string) {
	got, err := readAll(t, protocol.NewLenientReader(frame))
	switch {
	case lenient != nil:
		strict = lenient
	case wantErr != "" && err == nil:
		t.Errorf("the lenient reader has no error; want %s", wantErr)
	}
	if err != nil && lenient != nil || wantErr == "" && err != nil {
		t.Errorf("the lenient reader has the error %v", err)
	}
	if !equal(got, strict) {
		t.Errorf("messages of the lenient reader:\ngot  %s\nwant %s", list(got), list(strict))
	}
}

// TestFrameErrors holds frameErrors to frames.txt.
func TestFrameErrors(t *testing.T) {
	for _, v := range readVectors(t, "frames.txt") {
		for _, line := range v.all("error") {
			_, class, _ := strings.Cut(line, " ")
			frameErrors[class] = true
		}
	}
	for class, used := range frameErrors {
		if !used {
			t.Errorf("frames.txt has no case of %q", class)
		}
	}
}

// testBroken breaks a valid frame in all the ways that frames.txt promises.
func testBroken(t *testing.T, frame []byte, want []string) {
	fails := func(how string, at int, broken []byte, notUTF8 bool) {
		got, err := read(t, broken)
		if err == nil || errors.Is(err, protocol.ErrNotUTF8) && !notUTF8 {
			t.Errorf("%s at byte %d: got error %v", how, at, err)
		}
		if len(got) > len(want) || !equal(got, want[:len(got)]) {
			t.Errorf("%s at byte %d: got the messages %s", how, at, list(got))
		}
	}
	for i := range bytes.TrimRight(frame, " \t\r\n") {
		cut := frame[:i:i]
		fails("cut", i, cut, !utf8.Valid(cut))
		nul, bad := bytes.Clone(frame), bytes.Clone(frame)
		nul[i], bad[i] = 0, 0xFF
		fails("NUL", i, nul, frame[i] >= 0x80)
		if _, err := read(t, bad); !errors.Is(err, protocol.ErrNotUTF8) {
			t.Errorf("0xFF at byte %d: got error %v", i, err)
		}
	}
	for _, tail := range []string{"x", "\x00", ",", "]", "[]", "\ufeff"} {
		fails("behind: "+tail, len(frame), append(bytes.Clone(frame), tail...), false)
	}
	got, err := read(t, append(append([]byte("\r\n\t "), frame...), " \t\r\n"...))
	if err != nil || !equal(got, want) {
		t.Errorf("in space: %v, %s", err, list(got))
	}
}

func equal(a, b []string) bool { return fmt.Sprintf("%q", a) == fmt.Sprintf("%q", b) }

func list(messages []string) string {
	text := strings.Join(messages, "\n     ")
	if len(text) > 2000 {
		text = text[:2000] + "…"
	}
	return text
}

// TestStrings puts each byte at each place of a string.
func TestStrings(t *testing.T) {
	text := []byte(`"` + strings.Repeat("a", 40) + `"`)
	for i := range text {
		for c := range 256 {
			changed := bytes.Clone(text)
			changed[i] = byte(c)
			want := json.Valid(changed) && utf8.Valid(changed)
			if _, ok := protocol.Valid(changed); ok != want {
				t.Errorf("%q: got %t, want %t", changed, ok, want)
			}
		}
	}
}

// TestNesting compares random nests, some with one bracket wrong, with
// encoding/json: below MaxDepth, above it, and back.
func TestNesting(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var text, open []byte
		for _, depth := range []int{random.IntN(1200), random.IntN(100), random.IntN(1200), 0} {
			for len(open) < depth {
				i := random.IntN(2)
				text = append(text, [...]string{`[0,`, `{"a":`}[i]...)
				open = append(open, "]}"[i])
			}
			text = append(text, '1')
			for ; len(open) > depth; open = open[:len(open)-1] {
				text = append(text, open[len(open)-1])
			}
			if depth > 0 && open[depth-1] == '}' {
				text = append(text, `,"b":`...)
			} else if depth > 0 {
				text = append(text, ',')
			}
		}
		if i := random.IntN(2 * len(text)); i < len(text) && bytes.IndexByte([]byte("]}"), text[i]) >= 0 {
			text[i] ^= ']' ^ '}'
		}
		got, ok := protocol.Valid(text)
		if want := json.Valid(text); ok != want || ok && got != depth(text) {
			t.Fatalf("got %d, %t; want %d, %t: %s", got, ok, depth(text), want, text)
		}
	}
}

func testValid(t *testing.T, v *vector) {
	text, want := v.text(t, "text"), v.one(t, "depth")
	depth, ok := protocol.Valid([]byte(text))
	if got := fmt.Sprint(depth); ok && got != want || ok == (want == "no") {
		t.Errorf("got %d, %t; want %s", depth, ok, want)
	}
}
