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

func lend(bytes []byte) C.aldis_str {
	held := C.CBytes(bytes)
	return C.aldis_bytes(held, C.size_t(len(bytes)))
}

//export carrierCreate
func carrierCreate(host *C.aldis_host, cfg *C.aldis_instance_cfg, out *unsafe.Pointer) C.int32_t {
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
func carrierSubmit(inst unsafe.Pointer, msg *C.aldis_msg, op *C.aldis_op) C.int32_t {
	form := url.Values{"to": {text(msg.to)}, "text": {text(msg.text)}}
	to := lend([]byte(cgo.Handle(uintptr(inst)).Value().(*instance).BaseURL + "/messages"))
	body := lend([]byte(form.Encode()))
	defer C.free(unsafe.Pointer(to.ptr))
	defer C.free(unsafe.Pointer(body.ptr))
	return C.carrier_post(op, to, body)
}

//export carrierOnResponse
func carrierOnResponse(inst unsafe.Pointer, msg *C.aldis_msg, resp *C.aldis_http_resp, op *C.aldis_op) C.int32_t {
	if resp.status == 201 {
		return C.aldis_end(op, C.ALDIS_ACCEPTED, C.aldis_bytes(nil, 0), resp.body)
	}
	return C.aldis_fallback(op, resp)
}

func main() {}
