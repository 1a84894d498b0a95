// A carrier in Go: posts a form to {base_url}/messages, expects 201 and the id.
package main

// #include <stdlib.h>
// #include "aldis_carrier.h"
// int32_t carrier_post(const aldis_op *op, aldis_str url, aldis_str body);
import "C"

import (
	"encoding/json"
	"net/url"
	"runtime/cgo"
	"unsafe"
)

type instance struct {
	BaseURL string `json:"base_url"`
}

func text(lent C.aldis_str) string {
	return C.GoStringN((*C.char)(unsafe.Pointer(lent.ptr)), C.int(lent.len))
}

// Go's own memory may move: what the host reads is C's.
func held(text string) C.aldis_str {
	return C.aldis_bytes(C.CBytes([]byte(text)), C.size_t(len(text)))
}

//export carrierCreate
func carrierCreate(cfg *C.aldis_instance_cfg, out *unsafe.Pointer) C.int32_t {
	made := new(instance)
	if json.Unmarshal([]byte(text(cfg.config_json)), made) != nil {
		return C.ALDIS_E_INVALID
	}
	*out = unsafe.Pointer(uintptr(cgo.NewHandle(made)))
	return C.ALDIS_OK
}

//export carrierDestroy
func carrierDestroy(inst unsafe.Pointer) {
	cgo.Handle(uintptr(inst)).Delete()
}

//export carrierSubmit
func carrierSubmit(inst unsafe.Pointer, msg *C.aldis_msg, op unsafe.Pointer) C.int32_t {
	form := url.Values{"to": {text(msg.to)}, "text": {text(msg.text)}}
	to := held(cgo.Handle(uintptr(inst)).Value().(*instance).BaseURL + "/messages")
	body := held(form.Encode())
	defer C.free(unsafe.Pointer(to.ptr))
	defer C.free(unsafe.Pointer(body.ptr))
	return C.carrier_post((*C.aldis_op)(op), to, body)
}

//export carrierOnResponse
func carrierOnResponse(inst unsafe.Pointer, resp *C.aldis_http_resp, op unsafe.Pointer) C.int32_t {
	if resp.status == 201 {
		return C.aldis_end((*C.aldis_op)(op), C.ALDIS_ACCEPTED, C.aldis_bytes(nil, 0), resp.body)
	}
	return C.aldis_fallback((*C.aldis_op)(op), resp)
}

func main() {}
