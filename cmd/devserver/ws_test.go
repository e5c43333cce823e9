package main

import (
	"fmt"
	"testing"
)

// What the demo says of its tabs comes from these numbers.
func TestSocketsAreCounted(t *testing.T) {
	url, _ := startSocket(t)
	for number := 1; number <= 2; number++ {
		c := connected(t, url)
		for key := 1; key <= 2; key++ {
			c.send(fmt.Sprintf(`[{"key":%d,"data":{"api":"socket"}}]`, key))
			c.want(fmt.Sprintf(`[{"key":%d,"data":{"number":%d,"open":%d}}]`, key, number, number))
		}
	}
}
