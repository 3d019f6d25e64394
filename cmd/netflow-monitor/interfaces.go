package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/config"
)

func listInterfaces(w io.Writer) error {
	list, err := netdev.List()
	if err != nil {
		return err
	}
	return printInterfaces(w, list)
}

// printInterfaces has the addresses below their interface: a row that ends with one of
// IPv6's is wider than a terminal, and there are many of them.
func printInterfaces(w io.Writer, list []netdev.Interface) error {
	var rows bytes.Buffer
	table := tabwriter.NewWriter(&rows, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { _, _ = fmt.Fprintln(table, strings.Join(cells, "\t")) } // a buffer takes all
	row("NAME", "STATE", "TYPE", "SPEED", "MTU", "MAC", "OFFLOADS")
	for _, i := range list {
		name := i.Name
		if i.IsDefault {
			name += " (default)"
		}
		row(name, interfaceState(i), typeText(i), speedText(i.Speed), strconv.Itoa(i.MTU), orDash(i.MAC), orDash(strings.Join(i.Offloads, " ")))
	}
	_ = table.Flush()

	var text bytes.Buffer
	lines := slices.Collect(strings.Lines(rows.String()))
	indent := strings.Repeat(" ", max(0, strings.Index(lines[0], "STATE")))
	text.WriteString(lines[0])
	text.WriteString(indent + "ADDRESSES\n")
	for n, i := range list {
		text.WriteString(lines[n+1])
		for _, address := range i.Addresses {
			text.WriteString(indent + address.String() + "\n")
		}
	}
	if _, err := w.Write(text.Bytes()); err != nil {
		return fmt.Errorf("print interfaces: %w", err)
	}
	return nil
}

// typeText says how an interface lies to others: "vlan 7 on eth0", "veth, port of br0".
func typeText(i netdev.Interface) string {
	text := i.Type
	if i.VLAN != 0 {
		text += " " + strconv.Itoa(int(i.VLAN))
	}
	if i.Parent != "" {
		text += " on " + i.Parent
	}
	if i.Master != "" {
		text += ", port of " + i.Master
	}
	return text
}

func interfaceState(i netdev.Interface) string {
	switch {
	case !i.Up:
		return "down"
	case !i.Running:
		return "no carrier"
	default:
		return "up"
	}
}

func speedText(megabits int) string {
	switch {
	case megabits <= 0:
		return "-"
	case megabits%1000 == 0:
		return fmt.Sprintf("%d Gbit/s", megabits/1000)
	default:
		return fmt.Sprintf("%d Mbit/s", megabits)
	}
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// completeInterfaces offers the interfaces that there are to the shell.
func completeInterfaces(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	list, err := netdev.Links()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := make([]string, 0, len(list)+1)
	for _, i := range list {
		names = append(names, i.Name)
	}
	return append(names, config.AnyInterface), cobra.ShellCompDirectiveNoFileComp
}
