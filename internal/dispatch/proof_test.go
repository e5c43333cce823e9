package dispatch

import (
	"testing"
	"time"
)

func TestProof(t *testing.T) {
	var p proof
	note := func(n int, took time.Duration) {
		for range n {
			p.note(0, took)
		}
	}
	note(enough-1, quick)
	if p.score >= enough {
		t.Fatal("too few quick calls are enough")
	}
	note(1, quick)
	if p.score < enough {
		t.Fatal("so many quick calls should be enough")
	}
	note(1000, quick)
	for range 100 { // one call in ten is brief
		note(9, quick)
		note(1, brief)
		if p.score < enough {
			t.Fatal("brief calls should be paid for by nine quick ones each")
		}
	}
	note(1000, quick)
	note(1, 3*time.Millisecond)
	if note(1000, quick); p.score >= enough {
		t.Error("a slow call is forgotten after a thousand quick ones")
	}
	if note(500, quick); p.score < enough {
		t.Error("a slow call is never forgotten")
	}
	note(1000, time.Hour)
	if note(-leastScore+enough, quick); p.score < enough {
		t.Error("slow calls are never forgotten")
	}
}
