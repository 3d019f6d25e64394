package stream

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestSubscriberTakesLatestOfEachTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Limits{Subscribers: 1, Topics: 4})
		s := subscribe(t, h, "a", "b", "quiet")
		got := make(chan []Value)
		go func() {
			for range 2 {
				<-s.Ready()
				got <- s.Take()
			}
		}()
		h.Publish("b", []byte("b1"))
		h.Publish("nobody", []byte("x"))
		want(t, <-got, Value{Topic: "b", Data: []byte("b1")})

		// The subscriber waits in vain until something in its topics is new.
		synctest.Wait()
		select {
		case v := <-got:
			t.Fatalf("woken for nothing: %v", v)
		default:
		}
		h.Publish("a", []byte("a1"))
		want(t, <-got, Value{Topic: "a", Data: []byte("a1")})
	})
}

func TestSlowSubscriberSkips(t *testing.T) {
	h := New(Limits{Subscribers: 2, Topics: 4})
	slow := subscribe(t, h, "a", "b")
	for i := range 1000 {
		h.Publish("a", []byte(strconv.Itoa(i))) // would deadlock if it waited for anybody
	}
	h.Publish("b", []byte("b"))
	<-slow.Ready()
	want(t, slow.Take(),
		Value{Topic: "a", Data: []byte("999"), Missed: 999},
		Value{Topic: "b", Data: []byte("b")})
	want(t, slow.Take())
}

func TestNothingIsKeptForNobody(t *testing.T) {
	h := New(Limits{Subscribers: 2, Topics: 4})
	h.Publish("a", []byte("old"))
	if h.HasSubscribers("a") {
		t.Error("a topic has subscribers before anybody came")
	}
	s := subscribe(t, h, "b", "a")
	want(t, s.Take())
	if diff := cmp.Diff([]string{"a", "b"}, h.Topics()); diff != "" {
		t.Errorf("wanted topics (-want +got):\n%s", diff)
	}
	h.Publish("a", []byte("seen by the first only"))
	late := subscribe(t, h, "a")
	want(t, late.Take())
	s.Remove("a")
	if !h.HasSubscribers("a") || h.HasSubscribers("c") {
		t.Error("the second subscriber's topic is gone, or one came from nowhere")
	}
	s.Close()
	s.Close()
	late.Close()
	if got := h.Topics(); len(got) != 0 {
		t.Errorf("topics left behind: %v", got)
	}
	if h.Subscribers() != 0 {
		t.Errorf("%d subscribers left behind", h.Subscribers())
	}
	if err := late.Add("a"); err != nil || h.HasSubscribers("a") {
		t.Error("a closed subscriber can subscribe")
	}
}

func TestLimits(t *testing.T) {
	h := New(Limits{Subscribers: 2, Topics: 2})
	a := subscribe(t, h, "1", "2")
	if err := a.Add("3"); !errors.Is(err, ErrTooManyTopics) {
		t.Errorf("third topic: %v", err)
	}
	if _, err := h.Subscribe("1", "3"); !errors.Is(err, ErrTooManyTopics) {
		t.Errorf("subscriber with a third topic: %v", err)
	}
	b := subscribe(t, h, "2") // shares a topic, so it fits; the refused one took no place
	if _, err := h.Subscribe(); !errors.Is(err, ErrTooManySubscribers) {
		t.Errorf("third subscriber: %v", err)
	}
	b.Close()
	subscribe(t, h, "1")
}

func TestReplacingTopics(t *testing.T) {
	h := New(Limits{Subscribers: 1, Topics: 9})
	s := subscribe(t, h, "a", "b", "c")
	h.Publish("a", []byte("1"))
	h.Publish("b", []byte("1"))
	s.Remove("a")
	s.Remove("never added")
	if err := s.Add("b"); err != nil {
		t.Fatal(err)
	}
	if err := s.Add("a"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b", "c", "a"}, s.Topics()); diff != "" {
		t.Errorf("topics (-want +got):\n%s", diff)
	}
	want(t, s.Take(), Value{Topic: "b", Data: []byte("1")})
}

func TestConcurrentUse(t *testing.T) {
	h := New(Limits{Subscribers: 8, Topics: 8})
	last := []byte("1999")
	var readers sync.WaitGroup
	for i := range 8 {
		s := subscribe(t, h, "end", fmt.Sprint("t", i%3))
		readers.Go(func() {
			defer s.Close()
			for range s.Ready() {
				for _, v := range s.Take() {
					if v.Topic == "end" {
						return
					}
					if bytes.Equal(v.Data, last) {
						s.Remove(v.Topic)
					}
				}
			}
		})
	}
	var writers sync.WaitGroup
	for i := range 3 {
		writers.Go(func() {
			for n := range 2000 {
				h.Publish(fmt.Sprint("t", i), []byte(strconv.Itoa(n)))
				h.Topics()
			}
		})
	}
	writers.Wait()
	h.Publish("end", nil)
	readers.Wait()
	if h.Subscribers() != 0 {
		t.Errorf("%d subscribers left", h.Subscribers())
	}
}

func BenchmarkPublish256Subscribers(b *testing.B) {
	h := New(Limits{Subscribers: 256, Topics: 1})
	for range 256 {
		if _, err := h.Subscribe("a"); err != nil {
			b.Fatal(err)
		}
	}
	value := []byte("value")
	for b.Loop() {
		h.Publish("a", value)
	}
}

func subscribe(t *testing.T, h *Hub, topics ...string) *Subscriber {
	t.Helper()
	s, err := h.Subscribe(topics...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func want(t *testing.T, got []Value, values ...Value) {
	t.Helper()
	if diff := cmp.Diff(values, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}
