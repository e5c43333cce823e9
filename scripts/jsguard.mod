// jsguard with an x/tools that reads the export data of today's Go: the one
// that safejs v0.1.0 asks for panics on it. See "make jsguard".
module github.com/sockjax/sockjax/scripts

go 1.26.0

require (
	github.com/hack-pad/safejs v0.1.0
	golang.org/x/tools v0.52.0
)

require (
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
)
