#!/usr/bin/perl
# A harness of plain loops in Perl, with the module JSON::PP alone: see docs/protocol.md.
use strict;
use warnings;
use JSON::PP;

binmode STDIN;
binmode STDOUT;
$| = 1;  # nothing is kept in a buffer

my $json = JSON::PP->new->canonical;
my %BYTES = (float64 => '(d<)*', float32 => '(f<)*');  # sums are kept in float64

# The array of a convolution that an operation computes; the other two are its operands, in the order of a question.
my %RESULT = (
    conv => 'output', conv_transpose_input_grad => 'output', conv_input_grad => 'input', conv_transpose => 'input',
    conv_filter_grad => 'filter', conv_transpose_filter_grad => 'filter',
);

sub product { my $product = 1; $product *= $_ for @_; $product }

# All that meets in one pair of channels: triples of the places in an image, in a kernel and in a result.
sub meetings {
    my ($p) = @_;
    my @all = ([0, 0, 0]);
    for my $axis (0 .. $#{ $p->{input_size} }) {
        my ($in, $taps, $out) = map { $p->{$_}[$axis] } qw(input_size kernel_size output_size);
        my ($stride, $step, $low) = ($p->{stride}[$axis], $p->{dilation}[$axis], $p->{padding}[$axis][0]);
        my @here;
        for my $o (0 .. $out - 1) {
            for my $tap (0 .. $taps - 1) {
                my $i = $o * $stride + $tap * $step - $low;
                push @here, [$i, $tap, $o] if $i >= 0 && $i < $in;
            }
        }
        @all = map { my ($i, $tap, $o) = @$_;
                     map { [$i * $in + $_->[0], $tap * $taps + $_->[1], $o * $out + $_->[2]] } @here } @all;
    }
    return @all;
}

# Adds every product to where it belongs.
sub multiply {
    my ($p, $result, $x, $w, $y) = @_;
    my ($groups, $in, $out) = map { $p->{$_} } qw(groups in_channels out_channels);
    my ($pixels, $taps, $places) = map { product(@{ $p->{$_} }) } qw(input_size kernel_size output_size);
    my @meetings = meetings($p);
    for my $n (0 .. $p->{batch} - 1) {
        for my $o (0 .. $out - 1) {
            my $first = int($o * $groups / $out) * $in / $groups;
            for my $c (0 .. $in / $groups - 1) {
                my ($at_x, $at_w) = (($n * $in + $first + $c) * $pixels, ($o * $in / $groups + $c) * $taps);
                my $at_y = ($n * $out + $o) * $places;
                for (@meetings) {
                    my ($i, $tap, $place) = ($at_x + $_->[0], $at_w + $_->[1], $at_y + $_->[2]);
                    if ($result eq 'output') { $y->[$place] += $x->[$i] * $w->[$tap] }
                    elsif ($result eq 'input') { $x->[$i] += $y->[$place] * $w->[$tap] }
                    else { $w->[$tap] += $x->[$i] * $y->[$place] }
                }
            }
        }
    }
}

sub answer {
    my ($question, %operands) = @_;
    my ($p, $operation) = @$question{qw(problem operation)};
    my @result = (0) x product(@{ $question->{result}{shape} });
    my $large = $operation =~ /^conv_transpose_/ ? 'dy' : 'x';  # a transposed convolution's operands are exchanged
    my $small = $operation eq 'conv_transpose' || $operation eq 'conv_transpose_filter_grad' ? 'x' : 'dy';
    my %of = (input => $operands{$large}, filter => $operands{w}, output => $operands{$small});
    $of{ $RESULT{$operation} } = \@result;
    multiply($p, $RESULT{$operation}, @of{qw(input filter output)});
    return @result;
}

sub introduction {
    return {
        version => 1, name => 'perl-loops', language => 'Perl', target => sprintf('%vd', $^V), device => 'cpu',
        operations => [sort keys %RESULT], dtypes => [sort keys %BYTES], capabilities => { bias => JSON::PP::false },
    };
}

while (defined(my $line = <STDIN>)) {
    my $message = $json->decode($line);
    last if $message->{cmd} eq 'stop';
    my ($header, $data) = (introduction(), '');
    if ($message->{cmd} eq 'ask') {
        my ($dtype, %operands) = $message->{dtype};
        for my $tensor (@{ $message->{tensors} }) {
            exit 1 if read(STDIN, my $bytes, $tensor->{bytes}) != $tensor->{bytes};
            $operands{ $tensor->{name} } = [unpack $BYTES{$dtype}, $bytes];
        }
        $data = pack $BYTES{$dtype}, answer($message, %operands);
        my %tensor = (dtype => $dtype, shape => $message->{result}{shape}, bytes => length $data);
        $header = { seq => $message->{seq}, tensor => \%tensor };
    }
    print $json->encode($header), "\n", $data;
}
