package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/sockjax/sockjax/internal/abi"
	"github.com/sockjax/sockjax/internal/engine"
	"github.com/sockjax/sockjax/protocol"
)

const (
	header     = "// Code generated from internal/abi by \"go generate ./internal/abi\"; DO NOT EDIT.\n"
	scriptFile = "web/shared/abi.js"
	goFile     = "wasm/abi_version.go"
)

// files are what is generated, by name below the root of the checkout.
func files() map[string]string {
	return map[string]string{
		scriptFile: header + fmt.Sprintf("\n/** See Version in internal/abi. */\nexport const ABI = %d;\n", abi.Version) + script(),
		goFile:     header + exportedVersion(),
	}
}

// exportedVersion exports the version by name, which the script can read before
// it runs anything: an older one may lack an import, so that the wasm can't even
// be started.
func exportedVersion() string {
	return fmt.Sprintf(`
//go:build js && wasm

package main

// abiVersion says by the name of its export which version of package abi this
// is. Nobody calls it.
//
//go:wasmexport %s%d
func abiVersion() {}
`, abi.VersionPrefix, abi.Version)
}

// script is what JavaScript shares with Go, but for the version.
func script() string {
	var b strings.Builder
	constant := func(name string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			panic(err) // all of them are numbers and strings
		}
		fmt.Fprintf(&b, "export const %s = %s;\n", name, text)
	}
	group := func(comment string) { fmt.Fprintf(&b, "\n/** %s */\n", comment) }

	constant("ABI_EXPORT", abi.VersionPrefix)

	group("PROTOCOL.md: the subprotocol, and the frames that are no JSON.")
	constant("SUBPROTOCOL", protocol.Subprotocol)
	constant("PING", protocol.Ping)
	constant("PONG", protocol.Pong)

	group("What binds a client before the welcome: bytes of a frame, and requests in flight.")
	constant("FIRST_FRAME", protocol.FirstFrame)
	constant("FIRST_REQUESTS", protocol.FirstRequests)

	group("Milliseconds for a connection to open, and then for its welcome to come.")
	constant("HANDSHAKE", protocol.Handshake.Milliseconds())

	group("Close codes.")
	constant("CLOSE_UNSUPPORTED", protocol.CloseUnsupported)
	constant("CLOSE_ABNORMAL", protocol.CloseAbnormal)
	constant("CLOSE_UNAUTHORIZED", protocol.CloseUnauthorized)
	constant("CLOSE_FORBIDDEN", protocol.CloseForbidden)
	constant("CLOSE_VERSION", protocol.CloseVersion)
	constant("CLOSE_HANDSHAKE", protocol.CloseHandshake)

	group("Flags of a call that is submitted.")
	constant("FLAG_IDEMPOTENT", abi.FlagIdempotent)
	constant("FLAG_SENT", abi.FlagSent)
	constant("FLAG_OPEN", abi.FlagOpen)

	group("What may be sent: the exports flush takes it, and the import frame returns it.")
	constant("SEND_ALL", abi.SendAll)
	constant("SEND_NOTHING", abi.SendNothing)
	constant("SEND_NO_PARTS", abi.SendNoParts)

	group("What stands in place of a slot or a fate: no call waits; wasm has died under the call.")
	constant("NONE", abi.None)
	constant("DEAD", abi.Dead)

	group("How a call fails: see ErrorCode and Fate in sockjax.d.ts. The export abort returns a fate by its place in FATES.")
	words(&b, "CODE", abi.Codes[:])
	fates := words(&b, "FATE", abi.Fates[:])
	fmt.Fprintf(&b, "export const FATES = [%s];\n", strings.Join(fates, ", "))

	group("States of a client, and why they change: see State and Cause in sockjax.d.ts.")
	words(&b, "STATE", abi.States[:])
	words(&b, "CAUSE", abi.Causes[:])

	group("An item of a frame, in words of 4 bytes: its size, and where its parts stand. The key takes the first two words; of the last the first byte is 1 for a cancel, and the second for a request that goes in pieces.")
	constant("ITEM_WORDS", abi.ItemWords)
	constant("ITEM_SLOT", abi.ItemSlot)
	constant("ITEM_CANCEL", abi.ItemCancel)

	group("What goes beside requests, laid out like an item: see Part in internal/engine/batch.go. The key and the number before take two words each; of the last the first byte is the kind.")
	constant("PART_WORDS", abi.PartWords)
	constant("PART_FROM", abi.PartFrom)
	constant("PART_SLOT", abi.PartSlot)
	constant("PART_COUNT", abi.PartCount)
	constant("PART_WINDOW", abi.PartWindow)
	constant("PART_KIND", abi.PartKind)
	constant("PART_DATA", engine.PartData)
	constant("PART_END", engine.PartEnd)
	constant("PART_TAKEN", engine.PartTaken)
	constant("PART_PIECE", engine.PartPiece)

	group("Bytes of the memory through which names and structures of numbers cross.")
	constant("SCRATCH", abi.Scratch)

	group("The numbers of each structure, in their order.")
	constant("OPTIONS", numbers(reflect.TypeFor[abi.Options]()))
	constant("WELCOME", numbers(reflect.TypeFor[abi.Welcome]()))
	constant("STATS", numbers(reflect.TypeFor[abi.Stats]()))
	return b.String()
}

// words writes each word as a constant, so that a misspelt one fails the build,
// and returns the constants' names.
func words[W ~string](b *strings.Builder, kind string, all []W) (names []string) {
	for _, word := range all {
		name := kind + "_" + strings.ToUpper(strings.ReplaceAll(string(word), "-", "_"))
		names = append(names, name)
		fmt.Fprintf(b, "export const %s = %q;\n", name, word)
	}
	return names
}

// numbers are the names that JavaScript has for the fields of a structure which
// is nothing but numbers, one behind the other.
func numbers(structure reflect.Type) []string {
	var names []string
	for i := range structure.NumField() {
		field := structure.Field(i)
		if field.Type.Kind() != reflect.Float64 {
			panic(fmt.Sprintf("%v.%s is no float64", structure, field.Name))
		}
		letters := []rune(field.Name)
		letters[0] = unicode.ToLower(letters[0])
		names = append(names, string(letters))
	}
	return names
}
