package protocol

// On decodes the body of an OnKind.
func (m *Message) On() (o On, err error) {
	d := newDecoder(m.Body)
	d.lenient = m.lenient
	for d.object(); d.member(); {
		switch string(d.name) {
		case "on":
			d.string(&o.Topic)
		case "since":
			if d.null() {
				break
			}
			o.Since = true
			d.position(&o.Position)
		default:
			d.value()
		}
	}
	if err := d.end("an on"); err != nil {
		return On{}, err
	}
	return o, nil
}

func (d *decoder) position(p *Position) {
	for d.object(); d.member(); {
		switch string(d.name) {
		case "epoch":
			d.string(&p.Epoch)
		case "offset":
			d.count(&p.Offset)
		default:
			d.value()
		}
	}
	d.more = true // in the object around it
}

// Off decodes the body of an OffKind.
func (m *Message) Off() (o Off, err error) {
	d := newDecoder(m.Body)
	d.lenient = m.lenient
	for d.object(); d.member(); {
		switch string(d.name) {
		case "off":
			d.string(&o.Topic)
		case "why":
			d.why(&o.Why)
		default:
			d.value()
		}
	}
	if err := d.end("an off"); err != nil {
		return Off{}, err
	}
	return o, nil
}

func (d *decoder) why(e *Error) {
	if d.null() {
		return
	}
	for d.object(); d.member(); {
		switch string(d.name) {
		case "code":
			d.string(&e.Code)
		case "message":
			d.string(&e.Message)
		default:
			d.value()
		}
	}
	d.more = true // in the object around it
}

// Published decodes the body of a TopicKind. Data points into the frame.
func (m *Message) Published() (p Published, err error) {
	d := newDecoder(m.Body)
	d.lenient = m.lenient
	for d.object(); d.member(); {
		switch string(d.name) {
		case "topic":
			d.string(&p.Topic)
		case "offset":
			d.count(&p.Offset)
		case "data":
			v := d.value()
			p.Data = d.text[v.from:v.to]
		case "gap":
			d.gap(&p.Gap)
		default:
			d.value()
		}
	}
	if err := d.end("a message of a topic"); err != nil {
		return Published{}, err
	}
	return p, nil
}

func (d *decoder) gap(g *Gap) {
	if d.null() {
		return
	}
	for d.object(); d.member(); {
		switch string(d.name) {
		case "from":
			d.count(&g.From)
		case "to":
			d.count(&g.To)
		case "epoch":
			d.string(&g.Epoch)
		default:
			d.value()
		}
	}
	d.more = true // in the object around it
}

// AppendOn appends a subscription, or a server's answer to it.
func AppendOn(dst []byte, o On) []byte {
	dst = appendString(append(dst, `{"on":`...), o.Topic)
	if o.Since {
		dst = appendString(append(dst, `,"since":{"epoch":`...), o.Position.Epoch)
		dst = append(appendUint(dst, `,"offset":`, o.Position.Offset), '}')
	}
	return append(dst, '}')
}

// AppendOff appends the end of a subscription. Why is a server's, and has no
// more than a code and a message.
func AppendOff(dst []byte, o Off) []byte {
	dst = appendString(append(dst, `{"off":`...), o.Topic)
	if o.Why.Code != "" {
		dst = append(dst, `,"why":`...)
		dst = AppendErrorBody(dst, Error{Code: o.Why.Code, Message: o.Why.Message})
	}
	return append(dst, '}')
}

// AppendPublished appends a message of a topic, or a gap. Data must be JSON, as
// for AppendRequest.
func AppendPublished(dst []byte, p Published) []byte {
	dst = appendString(append(dst, `{"topic":`...), p.Topic)
	if p.Data != nil {
		dst = append(appendUint(dst, `,"offset":`, p.Offset), `,"data":`...)
		return append(append(dst, p.Data...), '}')
	}
	if dst = append(dst, `,"gap":{`...); p.Gap.Epoch != "" {
		dst = append(appendString(append(dst, `"epoch":`...), p.Gap.Epoch), ',')
	} else {
		dst = append(appendUint(dst, `"from":`, p.Gap.From), ',')
	}
	return append(appendUint(dst, `"to":`, p.Gap.To), "}}"...)
}
