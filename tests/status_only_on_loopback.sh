# What shows the addresses of clients listens on loopback alone, unless the settings say who may see it.
. "$(dirname "$0")/lib.sh"

for listen in '*:8080' '0.0.0.0:8080' '[::]:8080' '192.0.2.1:8080' '[2001:db8::1]:8080' '[::ffff:192.0.2.1]:8080'; do
	rejects "$listen" "service status { listen = {'127.0.0.1:8081', '$listen'} handler = 'status' }" \
		'listen: .* is not a loopback address.*allow'
	accepts "$listen with allow" "service status { listen = {'$listen'} handler = 'status' allow = {'192.0.2.0/24'} }"
done
accepts "loopback" "service status { handler = 'status'
	listen = {'127.0.0.1:8080', '127.9.9.9:8080', '[::1]:8080', 'unix:$dir/s', '[::ffff:127.0.0.1]:8081'} }"
