def test_answers(host):
    assert host.run("docker version").rc == 0, host.run("docker version")
