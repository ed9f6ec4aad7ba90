package report

import (
	"goheap/heap"
	"goheap/internal/flat"
)

// idPage is how many type numbers share a page of the table of compact.
const idPage = 1 << 12

// compact renumbers the types of nodes from 1 on, in the order in which they
// first occur; 0 stays. Dense is by node, from package flat: the caller frees
// it. Original gives the old numbers by the new ones. It takes 4 bytes a node.
func compact(ids []heap.TypeID) (dense, original []heap.TypeID) {
	dense = flat.Make[heap.TypeID](len(ids))
	original = []heap.TypeID{0}
	pages := map[heap.TypeID]*[idPage]heap.TypeID{}
	var at heap.TypeID // of page
	var page *[idPage]heap.TypeID
	for n, id := range ids {
		if id == 0 {
			continue
		}
		if page == nil || id/idPage != at {
			at = id / idPage
			if page = pages[at]; page == nil {
				page = new([idPage]heap.TypeID)
				pages[at] = page
			}
		}
		if page[id%idPage] == 0 {
			page[id%idPage] = heap.TypeID(len(original))
			original = append(original, id)
		}
		dense[n] = page[id%idPage]
	}
	return dense, original
}
