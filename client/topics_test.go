//go:build !js

package client

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

func TestTopicIsFollowedAcrossConnections(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.on("a", nil)
		k.said()
		k.connect()
		k.said(on)
		k.hears(answer(4)+","+sent(5), "a: x e5 5")
		k.connect()
		k.said(onAt(5))
		k.connect() // before the answer
		k.said(onAt(5))
		k.hears(answer(5)+","+sent(6)+","+sent(7), "a: x e6 6", "a: x e7 7")
		k.connect()
		k.said(onAt(7)) // evaluated anew each time
	})
}

func TestTopicWithoutAnAnswerBeginsAnew(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.on("a", nil)
		k.connect()
		k.said(on)
		k.connect()
		k.said(on)
		k.hears(answer(9)+","+sent(10), "a: x e10 10")
	})
}

func TestNothingTwice(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.on("a", &Position{Epoch: "e", Offset: 3})
		k.connect()
		k.said(onAt(3))
		k.hears(sent(4)) // of what?
		k.hears(answer(3)+","+series(2, 5)+","+series(4, 6), "a: x e4 4", "a: x e5 5", "a: x e6 6")
		k.hears(fmt.Sprintf(gapE, 5, 8)+","+series(7, 9), "a: gap 7-8", "a: x e9 9")
		k.hears(fmt.Sprintf(gapE, 5, 9))
	})
}

func TestEpochIsLost(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.on("a", &Position{Epoch: "e", Offset: 3})
		k.connect()
		k.said(onAt(3))
		k.hears(answerF(2)+","+fmt.Sprintf(lostF, 2)+","+series(3, 4), "a: lost f2", "a: x f3 3", "a: x f4 4")
		k.connect()
		k.said("[" + answerF(4) + "]")
	})
	inTalk(t, func(k *talk) { // while it is followed
		k.on("a", nil)
		k.connect()
		k.said(on)
		k.hears(answer(3)+","+fmt.Sprintf(lostF, 2), "a: lost f2")
		k.hears(sent(3), "a: x f3 3")
	})
}

func TestEverythingThatThereIs(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.on("a", &Position{})
		k.connect()
		k.said(`[{"on":"x","since":{"epoch":"","offset":0}}]`)
		k.hears(answer(2)+","+sent(3), "a: x e3 3")
	})
}

// Handlers share a subscription, and each gets what it has asked for.
func TestHandlersShareASubscription(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.connect()
		a := k.on("a", nil)
		k.said(on)
		k.hears(answer(10)+","+sent(11), "a: x e11 11")
		b := k.on("b", nil) // from now on
		k.said()
		k.hears(sent(12), "a: x e12 12", "b: x e12 12")
		k.on("c", &Position{Epoch: "e", Offset: 9})
		k.said(onAt(9))
		k.hears(sent(13)) // it comes again
		k.hears(answer(9)+","+series(10, 13), "c: x e10 10", "c: x e11 11", "c: x e12 12", "a: x e13 13", "b: x e13 13", "c: x e13 13")
		k.topics.remove(a)
		k.said()
		k.hears(sent(14), "b: x e14 14", "c: x e14 14")
		k.topics.remove(b)
		k.topics.remove(b)
		k.connect()
		k.said(onAt(14))
		k.hears(answer(14)+","+sent(15), "c: x e15 15")
	})
}

// One that joins before the answer has it wait: answers don't say to what.
func TestHandlerJoinsBeforeTheAnswer(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.connect()
		k.on("a", &Position{Epoch: "e", Offset: 5})
		k.said(onAt(5))
		k.on("b", &Position{Epoch: "e", Offset: 3})
		k.on("c", nil)
		k.said()
		k.hears(answer(5)+","+sent(6), "a: x e6 6", "c: x e6 6")
		k.said(onAt(3))
		k.hears(answer(3)+","+series(4, 7), "b: x e4 4", "b: x e5 5", "b: x e6 6", "a: x e7 7", "b: x e7 7", "c: x e7 7")
	})
}

// A client that was just made knows no history yet, whatever its handlers do: the
// one that is ahead must not decide for the others.
func TestHandlersBringTheirPositions(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.on("a", &Position{Epoch: "e", Offset: 9})
		k.on("b", &Position{Epoch: "e", Offset: 7})
		k.on("c", &Position{Epoch: "f", Offset: 2})
		k.connect()
		k.said(onAt(7))
		k.hears(answer(7)+","+series(8, 10), "b: x e8 8", "b: x e9 9", "a: x e10 10", "b: x e10 10")
		k.said("[" + answerF(2) + "]")
	})
}

// Positions of several histories: those that are not the server's are lost, one
// after the other.
func TestHandlersOfSeveralEpochs(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.connect()
		k.on("a", &Position{Epoch: "e", Offset: 5})
		k.on("b", &Position{Epoch: "f", Offset: 1})
		k.said(onAt(5))
		k.hears(answer(5)+","+sent(6), "a: x e6 6")
		k.said("[" + answerF(1) + "]")
		k.hears(answer(2)+`,{"topic":"x","gap":{"epoch":"e","to":2}},`+series(3, 7),
			"b: lost e2", "b: x e3 3", "b: x e4 4", "b: x e5 5", "b: x e6 6", "a: x e7 7", "b: x e7 7")
		k.said()
	})
}

// One that was behind when the others' history had to be asked for anew.
func TestBehindWhenAnotherEpochIsAskedFor(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.connect()
		k.on("a", nil)
		k.said(on)
		k.hears(answer(5))
		k.on("b", &Position{Epoch: "f", Offset: 1})
		k.said("[" + answerF(1) + "]")
		k.hears(answer(8)+","+sent(9), "a: gap 6-8", "b: lost e8", "a: x e9 9", "b: x e9 9")
	})
}

func TestOff(t *testing.T) {
	inTalk(t, func(k *talk) {
		a := k.on("a", nil)
		k.topics.remove(a)
		k.connect()
		k.said() // never mind
		a = k.on("a", nil)
		k.said(on)
		k.topics.remove(a)
		k.said() // not before the answer
		k.hears(answer(3) + "," + sent(4))
		k.said(off)
		k.hears(sent(5))
		k.on("b", nil)
		k.said(on)
		k.hears(sent(6)) // of the first
		k.hears(answer(7)+","+sent(8), "b: x e8 8")
		if len(k.topics.order) != 1 || len(k.topics.byName) != 1 {
			t.Errorf("%d topics", len(k.topics.order))
		}
	})
}

func TestOffForgetsTheTopic(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.connect()
		for range 3 {
			a := k.on("a", nil)
			k.said(on)
			k.hears(answer(3)+","+sent(4), "a: x e4 4")
			k.topics.remove(a)
			k.said(off)
			if len(k.topics.order)+len(k.topics.byName) != 0 {
				t.Error("it is still there")
			}
		}
	})
}

func TestRefusedTopic(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.on("a", nil)
		k.connect()
		k.said(on)
		k.hears(`{"off":"x","why":{"code":"forbidden","message":"m"}},`+sent(1), "a: refused forbidden")
		k.said()
		k.connect()
		k.said(on) // perhaps now
		k.hears(answer(0)+","+sent(1), "a: x e1 1")
		k.hears(`{"off":"x","why":{"code":"gone","message":"m"}},`+sent(2), "a: refused gone")
		k.on("b", nil)
		k.said(onAt(1))
	})
}

// A handler that takes its time does not fill the memory, disturbs nobody, and
// catches up from the server's history.
func TestSlowHandler(t *testing.T) {
	inTalk(t, func(k *talk) {
		gate := make(chan struct{})
		k.gates["a"] = gate
		k.on("a", nil)
		k.connect()
		k.said(on)
		k.hears(answer(0)+","+sent(1), "a: x e1 1")
		b := k.on("b", nil)
		k.manySent("b", 2, 30_001)
		k.said()
		k.topics.remove(b)
		for range mostWaiting/2 + 1 {
			gate <- struct{}{}
		}
		k.handledMany("a", 2, mostWaiting/2+2)
		k.said(onAt(mostWaiting + 1)) // not 30,001
		k.hears(answer(mostWaiting+1) + "," + fmt.Sprintf(gapE, mostWaiting+2, 29_000) + "," + series(29_001, 29_002))
		k.open("a")
		synctest.Wait()
		k.mutex.Lock()
		defer k.mutex.Unlock()
		if got := strings.Join(k.told[len(k.told)-3:], ", "); got != fmt.Sprintf("a: gap %d-29000, a: x e29001 29001, a: x e29002 29002", mostWaiting+2) {
			t.Error(got)
		}
	})
}

// manySent is messages in frames, each of which a handler is told at once.
func (k *talk) manySent(name string, from, to int) {
	for n := from; n <= to; n += 1000 {
		k.hears(series(n, n+999), k.many(name, n, n+999)...)
	}
}

// open has a handler wait no more.
func (k *talk) open(name string) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	close(k.gates[name])
	delete(k.gates, name)
}

// handledMany is handled for messages from one offset to another.
func (k *talk) handledMany(name string, from, to int) {
	k.t.Helper()
	k.handled(k.many(name, from, to)...)
}

func (k *talk) many(name string, from, to int) (want []string) {
	for n := from; n <= to; n++ {
		want = append(want, fmt.Sprintf("%s: x e%d %d", name, n, n))
	}
	return want
}

// When all handlers of a topic are full, the server need not send it.
func TestAllHandlersAreSlow(t *testing.T) {
	inTalk(t, func(k *talk) {
		k.gates["a"] = make(chan struct{})
		k.on("a", nil)
		k.connect()
		k.said(on)
		k.hears(answer(0)+","+sent(1), "a: x e1 1")
		k.hears(series(2, 30_000))
		k.connect()
		k.said() // it has enough
		k.open("a")
		k.handledMany("a", 2, mostWaiting+1)
		k.said(onAt(mostWaiting + 1))
	})
}
