package main

import (
	"fmt"
	"io"
	"net/netip"
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

func printInterfaces(w io.Writer, list []netdev.Interface) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { _, _ = fmt.Fprintln(table, strings.Join(cells, "\t")) } // Flush reports it
	row("NAME", "STATE", "TYPE", "SPEED", "MAC", "ADDRESSES")
	for _, i := range list {
		name := i.Name
		if i.IsDefault {
			name += " (default)"
		}
		row(name, interfaceState(i), i.Type, speedText(i.Speed), orDash(i.MAC), orDash(addressText(i.Addresses)))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print interfaces: %w", err)
	}
	return nil
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

func addressText(addresses []netip.Prefix) string {
	texts := make([]string, len(addresses))
	for i, a := range addresses {
		texts[i] = a.String()
	}
	return strings.Join(texts, " ")
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// completeInterfaces offers the interfaces that there are to the shell.
func completeInterfaces(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	list, err := netdev.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := make([]string, 0, len(list)+1)
	for _, i := range list {
		names = append(names, i.Name)
	}
	return append(names, config.AnyInterface), cobra.ShellCompDirectiveNoFileComp
}
