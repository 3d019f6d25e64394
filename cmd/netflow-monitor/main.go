// Command netflow-monitor shows who uses the network, with whom and for what.
package main

import "os"

func main() {
	os.Exit(execute(newRootCommand(), os.Stderr))
}
