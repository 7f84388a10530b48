# A web server written for Server::Starter, unmodified, behind the handler program: no request is lost in
# reloads; one that is killed loses only its own.
. "$(dirname "$0")/lib_program.sh" plackup perl
perl -MPlack::Handler::Starlet -e 1 2>/dev/null || skip "needs Starlet"

cat >"$dir/app.psgi" <<'PERL'
sub {
	my $generation = $ENV{SERVER_STARTER_GENERATION};
	die "no generation" unless $generation =~ /^\d+$/;
	return [200, ['Content-Length' => 6, 'X-Round' => $ENV{ROUND}], ["hello\n"]];
};
PERL
program="command = {'plackup', '--server', 'Starlet', '--env', 'production', '--max-workers', '1', '$dir/app.psgi'}"
held=1
program_start
program_survives_reloads
program_survives_kills
program_ends
