! A harness in Fortran without libraries: plain loops in float32. See docs/protocol.md.
program loops
  implicit none
  integer, parameter :: input = 10, output = 11  ! units: the standard ones would add ends of lines
  character(*), parameter :: introduction = '{"version":1,"name":"fortran-loops","language":"Fortran",' // &
    '"device":"cpu","dtypes":["float32"],"operations":["conv","conv_input_grad","conv_filter_grad",' // &
    '"conv_transpose","conv_transpose_input_grad","conv_transpose_filter_grad"],"capabilities":{"bias":false}}'
  character(:), allocatable :: line
  open (input, file='/dev/stdin', access='stream', form='unformatted', action='read')
  open (output, file='/dev/stdout', access='stream', form='unformatted', action='write')
  do while (read_line())
    if (index(line, '"stop"') > 0) exit
    if (index(line, '"start"') > 0) then
      write (output) introduction // new_line('a')
    else
      call answer()
    end if
    flush (output)
  end do
contains

  logical function read_line()
    character(1) :: letter
    integer :: status
    line = ''
    do
      read (input, iostat=status) letter
      read_line = status == 0
      if (.not. read_line .or. letter == new_line('a')) return
      line = line // letter
    end do
  end function

  ! The integers behind a key, a number or a list of any depth, up to the next key or the end of the object.
  function integers(key, start) result(numbers)
    character(*), intent(in) :: key
    integer, intent(in), optional :: start
    integer, allocatable :: numbers(:)
    integer :: at, number, sign
    logical :: inside
    at = 1
    if (present(start)) at = start
    at = at + index(line(at:), key) + len(key) - 1
    allocate (numbers(0))
    number = 0; sign = 1; inside = .false.
    do
      if (index('0123456789', line(at:at)) > 0) then
        number = 10 * number + iachar(line(at:at)) - iachar('0'); inside = .true.
      else
        if (inside) numbers = [numbers, sign * number]
        if (index('"}', line(at:at)) > 0) return
        sign = merge(-1, 1, line(at:at) == '-')
        number = 0; inside = .false.
      end if
      at = at + 1
    end do
  end function

  ! One number an axis, of pairs the first: width, height, depth, `absent` for an axis that there is not.
  function axes(key, step, absent) result(every)
    character(*), intent(in) :: key
    integer, intent(in) :: step, absent
    integer :: every(3)
    integer, allocatable :: numbers(:)
    numbers = integers(key)
    numbers = numbers(size(numbers) - step + 1:1:-step)
    every = absent
    every(:size(numbers)) = numbers
  end function

  ! Arrays have their axes in Fortran's order: (width, height, depth, channel, image).
  subroutine answer()
    integer :: n, c, o, groups, ins, outs, image, channel, from, a, b, d, i, j, k, tensor, at
    integer, dimension(3) :: sizes, outputs, kernel, stride, dilation, low, position
    integer, allocatable :: numbers(:)
    real, allocatable :: x(:, :, :, :, :), w(:, :, :, :, :), y(:, :, :, :, :)
    character(120) :: text, bytes
    logical :: transposed
    numbers = [integers('"batch":'), integers('"in_channels":'), integers('"out_channels":'), integers('"groups":')]
    n = numbers(1); c = numbers(2); o = numbers(3); groups = numbers(4); ins = c / groups; outs = o / groups
    sizes = axes('"input_size":', 1, 1); outputs = axes('"output_size":', 1, 1); kernel = axes('"kernel_size":', 1, 1)
    stride = axes('"stride":', 1, 1); dilation = axes('"dilation":', 1, 1); low = axes('"padding":', 2, 0)
    allocate (x(sizes(1), sizes(2), sizes(3), c, n), w(kernel(1), kernel(2), kernel(3), ins, o), source=0.0)
    allocate (y(outputs(1), outputs(2), outputs(3), o, n), source=0.0)
    transposed = index(line, '"conv_transpose') > 0  ! whose x is the output of the convolution, and dy its input
    at = index(line, '"tensors":')
    do tensor = 1, 2
      at = at + index(line(at + 1:), '{"name":"')
      select case (line(at + 9:at + 9))
      case ('w'); read (input) w
      case ('x'); if (transposed) then; read (input) y; else; read (input) x; end if
      case ('d'); if (transposed) then; read (input) x; else; read (input) y; end if
      end select
    end do
    do image = 1, n; do channel = 1, o; do from = 1, ins
      do d = 1, outputs(3); do b = 1, outputs(2); do a = 1, outputs(1)
        do k = 1, kernel(3); do j = 1, kernel(2); do i = 1, kernel(1)
          position = ([a, b, d] - 1) * stride + ([i, j, k] - 1) * dilation - low + 1
          if (any(position < 1 .or. position > sizes)) cycle
          associate (xi => x(position(1), position(2), position(3), (channel - 1) / outs * ins + from, image), &
                     wk => w(i, j, k, from, channel), yo => y(a, b, d, channel, image))
            if (index(line, '"name":"output"') > 0) yo = yo + xi * wk
            if (index(line, '"name":"input"') > 0) xi = xi + yo * wk
            if (index(line, '"name":"filter"') > 0) wk = wk + xi * yo
          end associate
        end do; end do; end do
      end do; end do; end do
    end do; end do; end do
    numbers = integers('"shape":', index(line, '"result":'))
    write (text, '(a, i0, a, *(i0, :, ","))') &
      '{"seq":', integers('"seq":'), ',"tensor":{"dtype":"float32","shape":[', numbers
    write (bytes, '(a, i0, a)') '],"bytes":', 4 * product(numbers), '}}'
    write (output) trim(text) // trim(bytes) // new_line('a')
    if (index(line, '"name":"output"') > 0) write (output) y
    if (index(line, '"name":"input"') > 0) write (output) x
    if (index(line, '"name":"filter"') > 0) write (output) w
  end subroutine

end program
