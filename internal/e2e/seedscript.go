package e2e

import (
	_ "embed"
	"strings"
)

// SeedScript is the script that sockjax grew out of, with its thirteen defects.
//
//go:embed seed.js
var SeedScript string

// MendedSeedScript is SeedScript as its author must have meant it: without
// these two lines it neither sends what waited for the socket nor survives the
// answer to its own ping.
func MendedSeedScript() string {
	mended := SeedScript
	for _, line := range [][2]string{
		{"sendMsg(msgArr[i].data, msgArr[i].callback)", "send(msgArr[i].data, msgArr[i].callback)"},
		{"let callBackData = JSON.parse(e.data);", "if (e.data === 'pong') return; let callBackData = JSON.parse(e.data);"},
	} {
		if strings.Count(mended, line[0]) != 1 {
			panic("seed.js does not have once: " + line[0])
		}
		mended = strings.Replace(mended, line[0], line[1], 1)
	}
	return mended
}
