package engine

import (
	"testing"

	"github.com/sockjax/sockjax/protocol"
)

// Requests whose keys follow one another are a series; a cancel and a gap end
// it.
func TestFrameOfSeries(t *testing.T) {
	request := func(key protocol.Key, data string) Item[string] { return Item[string]{Key: key, Payload: data} }
	cancel := func(key protocol.Key) Item[string] { return Item[string]{Key: key, Cancel: true} }
	for _, tt := range []struct {
		items []Item[string]
		want  string
	}{
		{[]Item[string]{request(7, "1")}, `{"key":7,"data":1}`},
		{[]Item[string]{request(7, "1"), request(8, `"a"`), request(9, "{}")}, `[7,1,"a",{}]`},
		{[]Item[string]{request(7, "1"), request(9, "2")}, `{"key":7,"data":1},{"key":9,"data":2}`},
		{[]Item[string]{request(8, "1"), request(7, "2")}, `{"key":8,"data":1},{"key":7,"data":2}`},
		{[]Item[string]{cancel(1), cancel(2), request(3, "3"), request(4, "4")}, `{"cancel":1},{"cancel":2},[3,3,4]`},
		{[]Item[string]{request(1, "1"), cancel(2), request(3, "3")}, `{"key":1,"data":1},{"cancel":2},{"key":3,"data":3}`},
		{[]Item[string]{request(1, "1"), request(2, "2"), request(4, "4"), request(5, "5"), request(7, "7")},
			`[1,1,2],[4,4,5],{"key":7,"data":7}`},
		{[]Item[string]{request(protocol.MaxKey-1, "1"), request(protocol.MaxKey, "2")}, `[9007199254740990,1,2]`},
	} {
		batch := Batch[string]{Ack: 5, Items: tt.items}
		got, _ := AppendFrame(nil, &batch, false, func(data string) []byte { return []byte(data) }, func(string) *Extra { return nil })
		if want := `[{"ack":5},` + tt.want + "]"; string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
