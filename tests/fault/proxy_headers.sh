# PROXY headers: garbage, huge, truncated, byte by byte, from who is not trusted.
. "$(dirname "$0")/lib_fault.sh" root
short_form proxy_protocol_rejects_what_is_no_header SOCKD_TEST_JUNK="${JUNK:-5000}"
short_form proxy_protocol_header_byte_by_byte
short_form proxy_protocol_header_has_one_deadline
short_form proxy_protocol_only_from_the_trusted
