// Package chaos_test puts a bad network and restarting servers between real
// pages and real servers, and judges what became of each call.
package chaos_test

import (
	"testing"

	"github.com/sockjax/sockjax/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
