package webdriver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// client asks a driver. See https://www.w3.org/TR/webdriver2.
type client struct {
	base string // http://host:port, and later /session/…
}

// do asks for something, and decodes the answer unless out is nil.
func (c client) do(ctx context.Context, method, path string, in map[string]any, out any) error {
	var body bytes.Buffer
	if method == http.MethodPost {
		if in == nil {
			in = map[string]any{} // it must be an object
		}
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, &body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var decoded struct{ Value json.RawMessage }
	if err := json.NewDecoder(answer.Body).Decode(&decoded); err != nil {
		return fmt.Errorf("%s %s: failed to decode the answer: %w", method, path, err)
	}
	if answer.StatusCode != http.StatusOK {
		var problem struct{ Error, Message string }
		_ = json.Unmarshal(decoded.Value, &problem) // what is missing says little
		return fmt.Errorf("%s %s: %s: %s", method, path, problem.Error, problem.Message)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(decoded.Value, out); err != nil {
		return fmt.Errorf("%s %s: failed to decode the answer: %w", method, path, err)
	}
	return nil
}
