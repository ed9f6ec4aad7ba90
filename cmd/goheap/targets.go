package main

import "github.com/spf13/cobra"

// targetsText is the page on targets; gocore's Resolve and the room notation follow it.
const targetsText = `A TARGET says which object, variable, goroutine or value is meant. All that goheap prints
as a name can be given back as it stands, in quotes where the shell would read it.

Addresses
  0xc000123000            what stands there: an object (any address within it), a variable,
                          static data, the goroutine whose stack it is, a finalizer
  0xc000123000 main.T     the same, as goheap prints objects
  data+0x3f20, bss+0x18   data without a name, by its distance from the start of the section
                          (data2+0x8 in the second module, a plugin)
  The address of a value is the one that %p prints. From Go 1.22 on, the slot of an object
  of 513 bytes to 32 KiB with pointers begins 8 bytes before it; both can be given.

Types and groups
  type:main.Session       its object that retains most
  type:Session            likewise, where one type only has this name
  "50000 × main.Session"  of a group of objects or goroutines, the member that retains most

Goroutines
  g:17                    a goroutine, with its stack
  "g:17 main.work · job"  a variable in a call; main.work work.go:12 where it was called from
                          several lines, and #2 for the second call from the innermost one
  "g:17 … · x (line 30)"  of several variables of one name, that declared in this line;
                          x #2 for the second from the last, where they share the line
  "g:17 … · x.?"          of a variable in parts of which it is not known which is which, what
                          the first leads to that leads to anything; x.?2 for the second
  "g:17 … · stack +0x18"  a word of a frame that is no variable
  "g:17 · deferred 2"     what deferred calls, registers ("register RAX") and the goroutine
                          itself ("context") hold

Expressions, from a variable of a package or a goroutine
  main.cache              a variable stands for itself, what it leads to is behind it; one that
                          points at data of the program (var x = &T{…}), and at nothing on the
                          heap, stands for that data, and &x for the variable
  store.cache             the last element of a package's path is enough where it is unique
  '"example.com/x".Cache' a path in quotes; package main is main, or its path
  x.field  x.Promoted     fields; pointers and interfaces in front of them are followed
  x[3]  x[2:5]            elements of arrays, slices and strings; [-1] before a slice's start,
  x[9] beyond len 3       and behind its end in the array that it is a part of
  list[3]                 likewise of container/list and ring, and of sync.Pool; atomic.Pointer,
                          reflect.Value and their like stand for what is in them
  m["key"]  m[17]  m[Red] elements of maps, by keys as Go writes them: 'x', 5s, nil, (*T)(nil),
  m[{3 "s"}]  m[K{3,"s"}] (*T)(0xc000010000), int8(3) in an interface; m[key 17] is the key
                          itself. A key that is too long, or a NaN, has its address in it:
                          m["aaa…"… (300 bytes) at 0xc000010000]
  m[complex(1,2)]         also 1+2i; a struct whose type has no name by its type, where an
  m[struct{A int}{3}]     interface holds it, or without
  x[i]  x[len(y)-1:]      in brackets may stand expressions of numbers, constants, variables
  m[5*time.Second]        (of the goroutine, the package or the program), len and cap; without
                          its package, a name means that of the package that x is of, or the
                          only one in the program. m[x] takes texts and structs too
  x.(T)  x.(*T)           what an interface holds, with or without the star
  x.list (initially)      data that a variable was linked with, and that it has left behind
  *x  &x  (*T)(0xc0000a)  what a pointer leads to, where x stands, and a value by its type
  len(x)  cap(x)          of slices, arrays, strings, maps and channels; len also of
                          container/list and ring, and of sync.Map
  <-ch[0]                 what is received from a channel after 0 others
  f.func1 captured v      a variable of a closure
  x → finalizer           what a finalizer, cleanup (→ cleanup 2 function) or weak handle keeps
  x → +0x18               what the word at this offset of an object without type leads to
  x → .f  x → [3]         a part of the object that x leads into the middle of
  x → ≈.f                 likewise, where no more is known of the object's type than that no
                          other fits (≈); what follows it in the name is no better known
  x → (T at +0x40).f      a value of type T in the chunk of a user arena that x leads into
  x.next ×1000            the same part many times; x(.left.right) ×5

An expression whose value is a pointer, slice, string, map, channel, function or interface
stands for the object that it leads to, and any other for the value itself. *x and &x say
which of the two is meant where x leads to something.`

func (c *command) targets() *cobra.Command {
	return &cobra.Command{
		Use:   "targets",
		Short: "How objects, variables, goroutines and values are named",
		Long:  targetsText,
	}
}

// targetHelp is what the help of a verb says of its TARGET.
const targetHelp = `TARGET is the address of an object (0xc000123000), a Go expression from a global
variable (main.cache.byID), a goroutine (g:17), a type (type:main.Session), which
stands for its object that retains most, or any name that goheap prints: see
goheap help targets.`
