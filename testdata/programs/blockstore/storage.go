package main

import (
	"errors"
	"sync"
)

// Storage keeps blocks. Production puts them on a disk and holds a few hundred
// in a cache.
type Storage interface {
	Put(message []byte) error
	Latest() (*Block, error)
	Len() int
}

var errNoBlocks = errors.New("no blocks yet")

// memStorage was written for the tests. It keeps everything.
type memStorage struct {
	mu     sync.Mutex
	blocks []*Block
}

func newMemStorage() *memStorage { return &memStorage{} }

func (s *memStorage) Put(message []byte) error {
	b, err := decodeBlock(message)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocks = append(s.blocks, b)
	return nil
}

func (s *memStorage) Latest() (*Block, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.blocks) == 0 {
		return nil, errNoBlocks
	}
	return s.blocks[len(s.blocks)-1], nil
}

func (s *memStorage) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.blocks)
}
