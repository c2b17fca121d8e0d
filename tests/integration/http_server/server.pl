# Says at / what it was given, line by line. /livez is well unless BROKEN is set; /count counts on the
# volume. At port 2525 it greets as a mail server does.
use strict;
use warnings;
use IO::Socket::INET;

$| = 1;
$SIG{TERM} = $SIG{INT} = sub { exit 0 };
$SIG{CHLD} = 'IGNORE';

sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or return "none ($!)";
    local $/;
    return scalar <$file>;
}

sub count {
    my $number = -e '/data/count' ? slurp('/data/count') + 1 : 1;
    open my $file, '>', '/data/count' or return "no volume ($!)";
    print $file $number;
    return $number;
}

sub about {
    open my $file, '>', '/written' or my $why = $!;
    return join "\n", "root=" . ($why // 'written'), "uid=$<", "file=" . slurp('/etc/login.conf'),
        "secret=" . slurp($ENV{LOGIN_FILE} // '/run/secrets/login'),
        map { "$_=$ENV{$_}" } sort keys %ENV;
}

sleep($ENV{SLOW} // 0);
if (!fork) {
    my $greeter = IO::Socket::INET->new(LocalPort => 2525, Listen => 9, ReuseAddr => 1) or die $!;
    while (1) {
        my $client = $greeter->accept or next;
        print $client "220 hello\r\n";
        <$client>;
    }
}
my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 9, ReuseAddr => 1) or die $!;
while (1) {
    my $client = $server->accept or next;
    my ($path) = (<$client> // '') =~ m{^GET (\S+)} or next;
    while (defined(my $line = <$client>)) { last if $line =~ /^\r?\n$/ }
    my $status = $path eq '/livez' && $ENV{BROKEN} ? '503 Unwell' : '200 OK';
    print "asked for $path, answered $status, login " . slurp('/run/secrets/login') . "\n";
    my $body = $path eq '/count' ? count() : $path eq '/' ? about() : '';
    print $client "HTTP/1.0 $status\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
}
