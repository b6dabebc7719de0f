"""A configuration as a form: made from the schema, so that no setting is forgotten and none is listed twice.

`shape` says what kind of field a setting is, `drawing` makes the form's nodes from a document and its problems,
`reading` makes the document of what was sent, `editing` carries out the buttons between two saves. All pure.
"""
