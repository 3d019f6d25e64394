package auth

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	minPassword = 8
	maxPassword = 1024 // bytes
)

// GeneratePassword returns a random password of 26 letters and digits (130 bits).
func GeneratePassword() string { return rand.Text() }

// ReadPassword returns the first line of a file. An empty or too short one is an error.
func ReadPassword(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open password file: %w", err)
	}
	defer func() { _ = f.Close() }()
	line, err := bufio.NewReader(io.LimitReader(f, maxPassword+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password file: %w", err)
	}
	password := strings.TrimRight(line, "\r\n")
	if err := checkPassword(password); err != nil {
		return "", fmt.Errorf("password file %s: %w", path, err)
	}
	return password, nil
}

func checkPassword(password string) error {
	if len(password) < minPassword || len(password) > maxPassword {
		return fmt.Errorf("the password must have %d to %d bytes", minPassword, maxPassword)
	}
	return nil
}
