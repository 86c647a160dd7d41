package abi

import (
	"encoding/binary"
	"fmt"
	"math"
)

// lower adds an argument of a type to the stack, as core values.
func (i *Instance) lower(stack []uint64, want string, arg any) ([]uint64, error) {
	var memory []byte
	var word uint64
	var got string
	switch v := arg.(type) {
	case bool:
		if got = "bool"; v {
			word = 1
		}
	case uint32:
		got, word = "u32", uint64(v)
	case uint64:
		got, word = "u64", v
	case float64:
		got, word = "f64", math.Float64bits(v)
	case *Handle:
		if v == nil || v.home != i || v.pointer == 0 {
			return nil, ErrFreed
		}
		got, word = v.arg, v.pointer
	case string:
		if want == "string" {
			stack, memory = i.array(stack, len(v), 1)
			copy(memory, v)
			return stack, nil
		}
	case []byte:
		if want == "list<u8>" {
			stack, memory = i.array(stack, len(v), 1)
			copy(memory, v)
			return stack, nil
		}
	case []float64:
		if want == "list<f64>" {
			stack, memory = i.array(stack, len(v), 8)
			for n, number := range v {
				binary.LittleEndian.PutUint64(memory[8*n:], math.Float64bits(number))
			}
			return stack, nil
		}
	}
	if got != want {
		return nil, fmt.Errorf("found an argument that is no %s", want)
	}
	return append(stack, word), nil
}

// load reads a value of a type in the module's memory.
func (i *Instance) load(name string, at []byte) (any, error) {
	s, word := i.types[name], func(at []byte) uint64 { return uint64(binary.LittleEndian.Uint32(at)) }
	switch s.Kind {
	case "bool":
		return at[0] != 0, nil
	case "u32":
		return uint32(word(at)), nil
	case "u64":
		return binary.LittleEndian.Uint64(at), nil
	case "f64":
		return math.Float64frombits(binary.LittleEndian.Uint64(at)), nil
	case "own":
		return &Handle{i, word(at), s.Resource, "borrow<" + s.Resource + ">"}, nil
	case "string":
		return string(i.bytes(word(at), word(at[4:]))), nil
	case "list":
		memory := i.bytes(word(at), word(at[4:])*uint64(i.types[s.Element].Size))
		if s.Element == "u8" {
			return append([]byte{}, memory...), nil
		}
		numbers := make([]float64, word(at[4:]))
		for n := range numbers {
			numbers[n] = math.Float64frombits(binary.LittleEndian.Uint64(memory[8*n:]))
		}
		return numbers, nil
	case "option":
		if at[0] == 0 {
			return nil, nil
		}
		return i.load(s.Some, at[s.Payload:])
	case "record":
		record := Record{}
		for _, field := range s.Fields {
			record[field[0].(string)], _ = i.load(field[1].(string), at[int(field[2].(float64)):])
		}
		return record, nil
	case "result":
		if at[0] == 1 {
			record, _ := i.load(s.Err, at[s.Payload:])
			return nil, record.(Record)
		} else if s.Ok == "" {
			return nil, nil
		}
		return i.load(s.Ok, at[s.Payload:])
	}
	return nil, fmt.Errorf("a result of the unknown kind %s", s.Kind)
}
