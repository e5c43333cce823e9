//go:build !js

package client

import (
	"bytes"
	"fmt"
	"io"
	"iter"
)

// source yields the parts of a body to add, in pieces of bytes of at most so many,
// until add returns false.
type source func(size func() int, add func(part) bool) error

func readerSource(r io.Reader) source {
	return func(size func() int, add func(part) bool) error {
		for {
			chunk := make([]byte, size())
			n, err := r.Read(chunk)
			if chunk = chunk[:n]; n < cap(chunk)/2 {
				chunk = bytes.Clone(chunk) // it may wait for long
			}
			if n > 0 && !add(part{chunk, true}) {
				return nil
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return fmt.Errorf("failed to read the body: %w", err)
			}
		}
	}
}

func valueSource(values iter.Seq[any]) source {
	return func(size func() int, add func(part) bool) error {
		for value := range values {
			data, isBytes, err := encode(value)
			if err != nil {
				return fmt.Errorf("failed to encode a part of the body: %w", err)
			}
			for isBytes && len(data) > size() {
				n := size()
				if !add(part{data[:n:n], true}) {
					return nil
				}
				data = data[n:]
			}
			if len(data) > 0 && !add(part{data, isBytes}) {
				return nil
			}
		}
		return nil
	}
}
